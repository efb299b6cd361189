"""Builders: what differs is found in what runs, and mended with the cache kept."""

from __future__ import annotations

import json

import pytest

from lab.settings import IMAGES_FILE
from tests.hosts.conftest import OLDER_ENGINE
from tests.hosts.daemon import build_status, end_once_waited_for, start_build
from tests.hosts.lab import lab, on, playbook

VOLUME = "docker volume inspect --format '{{.CreatedAt}}' buildx_buildkit_multiarch0_state"
CONTAINER = "docker inspect --format '{{.Id}}' buildx_buildkit_multiarch0"


# A host that builds for itself; emulators and pushes have tests of their own.
NATIVE = {
    "builder_concerns": ["engine", "trust", "daemon", "buildx"],
    "builder_platforms": ["amd64"],
    "builder_verify_repository": "",
}


@pytest.fixture(scope="module")
def host() -> str:
    """A host for tests that describe all of its builder."""
    lab("reset", OLDER_ENGINE)
    return OLDER_ENGINE


def test_a_changed_configuration_recreates_the_builder_and_keeps_its_cache_and_its_users(host: str) -> None:
    assert playbook("provision-builders", limit=host, variables=NATIVE).status == 0
    volume, container = on(host, VOLUME), on(host, CONTAINER)

    variables = NATIVE | {"builder_buildkit_options": {"worker": {"oci": {"max-parallelism": 3}}}}
    run = playbook("provision-builders", limit=host, variables=variables)
    assert run.status == 0, run.output
    assert run.says("recreate builder multiarch for root, ci: buildkitd.toml in the container differs")
    assert on(host, CONTAINER) != container
    assert on(host, VOLUME) == volume
    inside = on(host, "docker exec buildx_buildkit_multiarch0 cat /etc/buildkit/buildkitd.toml")
    assert "max-parallelism = 3" in inside
    running = "docker buildx inspect multiarch | grep -c '^Status: *running'"
    assert on(host, running).strip() == "1"
    assert on(host, f'runuser -u ci -- sh -c "{running}"').strip() == "1"
    assert playbook("provision-builders", limit=host, variables=variables).recap(host)["changed"] == 0


BASE = json.loads(IMAGES_FILE.read_text())["base"]["reference"]
ONLY_BUILDERS = NATIVE | {"builder_concerns": ["buildx"]}
BUILD_AGAIN = f"""
mkdir -p /var/tmp/cached; printf 'FROM {BASE}\\nRUN echo kept > /kept\\n' > /var/tmp/cached/Dockerfile
docker buildx build --progress plain /var/tmp/cached 2>&1
"""
STORE = "/root/.docker/buildx/instances/multiarch"
EDIT = f"""python3 - <<'END'
import json
entry = json.load(open("{STORE}"))
entry["Nodes"][0]["DriverOpts"]["default-load"] = "true"
json.dump(entry, open("{STORE}", "w"))
END
"""
CA_INSIDE = "buildx_buildkit_multiarch0:/etc/buildkit/certs/harbor.lab.test/ca.crt"


def mended(host: str, *told: str) -> None:
    """One run finds and names the drift, mends it, and the next has nothing to do; the cache is still there."""
    run = playbook("provision-builders", limit=host, variables=ONLY_BUILDERS)
    assert run.status == 0, run.output
    assert [words for words in told if not run.says(words)] == [], run.output
    assert "CACHED" in on(host, BUILD_AGAIN)
    assert playbook("provision-builders", "--check", limit=host, variables=ONLY_BUILDERS).recap(host)["changed"] == 0


@pytest.mark.thorough
def test_drift_by_hand_is_found_named_and_mended_and_the_cache_is_kept(engine: str) -> None:
    assert playbook("provision-builders", limit=engine, variables=NATIVE).status == 0
    on(engine, BUILD_AGAIN)
    container = on(engine, CONTAINER)

    # the store edited, a CA changed inside the container, and a builder of the same name made by another user on a node
    # of its own: nothing that is asked for has to go
    on(engine, f"{EDIT} echo other > /var/tmp/ca; docker cp --quiet /var/tmp/ca {CA_INSIDE}")
    on(engine, "rm ~ci/.docker/buildx/instances/multiarch")
    on(engine, "runuser -u ci -- docker buildx create --name multiarch --node own --bootstrap >/dev/null 2>&1 || true")
    mended(
        engine,
        "update builder multiarch for root, ci: default-load true → absent; node multiarch0 is not in the store; "
        "node own is not asked for, its containers keep running",
        "take node own at unix:///var/run/docker.sock off builder multiarch",
        "replace certificates of builder multiarch in place (builds are unaffected): "
        "certs/harbor.lab.test/ca.crt in the container differs",
    )
    assert on(engine, CONTAINER) == container
    assert on(engine, "docker ps --all --quiet --filter name=buildx_buildkit_own") == ""

    # the container made anew by hand, from another image and with other settings; a broken entry
    on(engine, "docker tag $(docker images --quiet moby/buildkit | head -n 1) other/buildkit:1")
    on(engine, f"docker rm --force buildx_buildkit_multiarch0; echo '{{' > {STORE}")
    on(
        engine,
        "docker run --detach --privileged --name buildx_buildkit_multiarch0 --env A=B --restart no "
        "--volume buildx_buildkit_multiarch0_state:/var/lib/buildkit other/buildkit:1 >/dev/null",
    )
    mended(
        engine,
        "recreate builder multiarch for root, ci: the container's image other/buildkit:1",
        "the container's restart-policy no → unless-stopped",
        "buildkitd.toml in the container differs",
        "its entry in the store is broken",
    )
    # a container that got lost, or stopped
    on(engine, "docker rm --force buildx_buildkit_multiarch0")
    mended(engine, "start builder multiarch: its container does not run")
    assert on(engine, "stat --format %U:%a ~ci/.docker/buildx/instances/multiarch").strip() == "ci:600"


# Until it is ended: no test depends on how fast the machine is.
STEP = "sleep 1004"


def test_a_running_build_is_waited_for_and_never_killed(host: str) -> None:
    alone = NATIVE | {"builder_users": ["root"]}
    assert playbook("provision-builders", limit=host, variables=alone).status == 0
    start_build(host, "slow", f"{STEP}; echo slept")
    container = on(host, CONTAINER)
    changed = {**alone, "builder_buildkit_options": {"worker": {"oci": {"max-parallelism": 2}}}}

    run = playbook("provision-builders", limit=host, variables={**changed, "builder_disruption": "never"})
    assert run.status == 0, run.output
    assert run.says("pending, as builder_disruption is never: recreate builder multiarch")
    run = playbook("provision-builders", limit=host, variables={**changed, "builder_drain_timeout": 1})
    assert run.recap(host)["failed"] == 1
    assert run.says("recreating builder multiarch would end a build in buildx_buildkit_multiarch0")
    assert on(host, CONTAINER) == container

    end_once_waited_for(host, STEP)
    run = playbook("provision-builders", limit=host, variables=changed)
    assert run.status == 0, run.output
    assert build_status(host, "slow") == "0"
    assert on(host, CONTAINER) != container
