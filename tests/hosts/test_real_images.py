"""What only the real BuildKit and the real emulators can show: the lab's stand-ins do none of it."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from lab.settings import IMAGES_FILE, MIRROR_NAME, MIRROR_PORT
from lab.topology import HOSTS
from tests.hosts.conftest import NEWER_ENGINE
from tests.hosts.lab import lab, on, playbook
from tests.hosts.real_images import real_image

MIRROR = f"{MIRROR_NAME}:{MIRROR_PORT}"
SERVER = str(next(each.address for each in HOSTS if each.is_registry))
ALLOW = "--allow-insecure-entitlement=security.insecure"
ALL_CAPABILITIES = "000001ffffffffff"


def base() -> str:
    """The lab's own base image."""
    return str(json.loads(IMAGES_FILE.read_text())["base"]["reference"])


@pytest.fixture(scope="module")
def variables() -> dict[str, Any]:
    """A builder of the real BuildKit, with the emulators of the real image. Tests change what they are about."""
    return {
        "builder_instances": [
            {"name": "multiarch", "image": real_image("buildkit"), "default": True, "flags": [ALLOW]}
        ],
        "builder_binfmt_image": real_image("binfmt"),
        "builder_platforms": ["amd64", "amd64/v2", "arm64"],
        "builder_users": ["root"],
        "builder_dns": [SERVER],
        "builder_registries": [
            {"host": "docker.io", "mirrors": [MIRROR]},
            {"host": "other.example", "mirrors": [f"{MIRROR}/quay"]},
            {"host": MIRROR, "ca": "{{ lab_state }}/pki/ca.crt"},
        ],
        "builder_verify_repository": f"{MIRROR}/proof/real",
    }


@pytest.fixture(scope="module")
def host(variables: dict[str, Any]) -> str:
    """A host that was provisioned with them, and proven."""
    lab("reset", NEWER_ENGINE)
    provision(NEWER_ENGINE, variables)
    return NEWER_ENGINE


def provision(host: str, variables: dict[str, Any]) -> None:
    """Once with something to do, and once without."""
    run = playbook("provision-builders", limit=host, variables=variables)
    assert run.status == 0, run.output
    again = playbook("provision-builders", limit=host, variables=variables)
    assert again.recap(host)["changed"] == 0, again.output


def build(host: str, dockerfile: str, options: str = "") -> tuple[bool, str]:
    """(whether a build succeeds, what it says)."""
    script = f"""
    folder=$(mktemp -d /var/tmp/build.XXXX); cd $folder; cat > Dockerfile
    docker buildx build --progress plain {options} . 2>&1 && echo BUILT || true
    """
    said = on(host, script, stdin=dockerfile)
    return said.rstrip().endswith("BUILT"), said


def buildctl(host: str, arguments: str) -> str:
    return on(host, f"docker exec buildx_buildkit_multiarch0 buildctl {arguments}")


def test_the_proof_has_every_platform_with_a_variant_of_amd64(host: str) -> None:
    proof = json.loads(on(host, "cat /var/lib/multiarch-builders/build_proof.json"))
    assert proof["passed"], proof
    assert "linux/amd64/v2" in buildctl(host, "debug workers --verbose")
    passed, said = build(host, f"FROM {base()}\nRUN echo v2-of-amd64", "--platform linux/amd64/v2")
    assert passed, said


def test_a_mirror_of_another_registry_than_docker_hub_serves_the_builder(host: str) -> None:
    on(host, f"docker buildx imagetools create --tag {MIRROR}/quay/cached:1 {base().partition('@')[0]}")
    passed, said = build(host, "FROM other.example/cached:1\nRUN true")
    assert passed, said


def test_name_servers_of_the_builder_reach_run_steps(host: str) -> None:
    passed, said = build(host, f"FROM {base()}\nRUN cat /etc/resolv.conf", "--no-cache")
    assert passed, said
    assert f"nameserver {SERVER}" in said


def test_an_attestation_is_an_artifact_of_its_image(host: str) -> None:
    """As BuildKit 0.32 and newer push them."""
    name = f"{MIRROR}/test/attested:1"
    passed, said = build(host, f"FROM {base()}\nRUN true", f"--provenance mode=min --tag {name} --push")
    assert passed, said
    index = json.loads(on(host, f"docker buildx imagetools inspect --raw {name}"))
    (attestation,) = [each for each in index["manifests"] if each["platform"]["architecture"] == "unknown"]
    (image,) = [each for each in index["manifests"] if each["platform"]["architecture"] == "amd64"]
    manifest = json.loads(
        on(host, f"docker buildx imagetools inspect --raw {name.rpartition(':')[0]}@{attestation['digest']}")
    )
    assert manifest["artifactType"] == "application/vnd.docker.attestation.manifest.v1+json"
    assert manifest["subject"]["digest"] == image["digest"]


def test_the_history_has_the_builds(host: str) -> None:
    build(host, f"FROM {base()}\nRUN echo {time.time_ns()} && false")
    records = [json.loads(line) for line in on(host, "docker buildx history ls --format json").splitlines()]
    assert {"Completed", "Error"} <= {record["status"] for record in records}, records


def test_host_privileges_are_for_builds_that_ask_where_the_variable_allows_it_and_the_cache_outlives_the_change(
    host: str, variables: dict[str, Any]
) -> None:
    dockerfile = f"FROM {base()}\nRUN --security=insecure grep CapEff /proc/self/status"
    cached = f"FROM {base()}\nRUN echo made-before-the-builder-was-recreated"
    assert build(host, cached)[0]
    passed, said = build(host, dockerfile, "--allow security.insecure")
    assert passed, said
    assert ALL_CAPABILITIES in said
    passed, said = build(host, dockerfile, "--no-cache")
    assert not passed, "the build did not ask for it"

    container = on(host, "docker inspect --format '{{.Id}}' buildx_buildkit_multiarch0")
    (instance,) = variables["builder_instances"]
    provision(host, {**variables, "builder_instances": [{**instance, "flags": []}]})
    assert on(host, "docker inspect --format '{{.Id}}' buildx_buildkit_multiarch0") != container
    passed, said = build(host, dockerfile, "--no-cache --allow security.insecure")
    assert not passed
    assert "is not allowed" in said
    passed, said = build(host, cached)
    assert passed
    assert re.search(r"^#\d+ CACHED$", said, re.MULTILINE), said


def test_garbage_collection_keeps_the_cache_below_its_limit(host: str, variables: dict[str, Any]) -> None:
    provision(host, {**variables, "builder_gc": {"max": "150MB"}})
    assert "150" in on(host, "docker buildx inspect multiarch").partition("GC Policy")[2]
    steps = "\n".join(f"RUN head -c 60000000 /dev/urandom > /{number}" for number in range(5))
    passed, said = build(host, f"FROM {base()}\n{steps}", "--no-cache")
    assert passed, said
    # BuildKit collects at most once a minute.
    deadline = time.monotonic() + 180
    while (size := cache(host)) > 170e6 and time.monotonic() < deadline:
        time.sleep(2)
    assert 0 < size <= 170e6, on(host, "docker buildx du")


def cache(host: str) -> float:
    """Bytes of the builder's cache, as BuildKit counts them."""
    records = json.loads(buildctl(host, "du --format '{{json .}}'") or "[]")
    return float(sum(record.get("size", 0) for record in records))
