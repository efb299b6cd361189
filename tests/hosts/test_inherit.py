"""Builders that jobs make themselves push to a private registry, before a rotation of its CA and after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hosts import own_registry
from tests.hosts.daemon import base, build_status, start_build
from tests.hosts.flows import MIRROR, Engineer
from tests.hosts.lab import Run, on, playbook
from tests.hosts.own_registry import HOST, LOGIN, Token, authority

STEP = "sleep 1007"  # a build that runs until it is ended
DEFAULT = "/home/ci/.docker/buildx/buildkitd.default.toml"
FILES = f"find {DEFAULT} /home/ci/.docker/buildx/multiarch-builders -type f -printf '%P %m %u:%g\\n' | sort"
OWN = "docker inspect --format '{{.Id}} {{.State.StartedAt}}' buildx_buildkit_own0"
# What buildx takes by itself, from the mirror.
IMAGE = f"""
image={MIRROR}/moby/buildkit:buildx-stable-1
docker tag $(docker inspect --format '{{{{.Image}}}}' buildx_buildkit_multiarch0) $image
docker push --quiet $image; docker rmi $image
"""
REMOTE = "docker buildx create --name far --driver remote docker-container://buildx_buildkit_multiarch0"
# The way past the file that docs/builders.md shows.
ELSEWHERE = f"""
store=$(mktemp -d)
BUILDX_CONFIG=$store {REMOTE}
cp "$store/instances/far" ~/.docker/buildx/instances/
docker buildx inspect far; docker buildx rm far
"""
LINK = "runuser -u ci -- ln -s /etc /home/ci/.docker/buildx/multiarch-builders"
RIVAL = f"mkdir -p /home/ci/.docker/buildx; echo 'debug = true' > {DEFAULT}; chown -R ci: /home/ci/.docker"


def trust(host: str, *cas: str, arguments: tuple[str, ...] = (), **inherit: Any) -> Run:
    """trust-registries.yml with a registry that has tokens, trusted by *cas*."""
    table = [
        {"host": "docker.io", "mirrors": [MIRROR]},
        {"host": MIRROR, "ca": "{{ lab_state }}/pki/ca.crt"},
        {"host": HOST, "ca": "".join(cas), **LOGIN},
    ]
    variables = {"registries": table, "users": ["root", "ci"], "platforms": ["amd64"], "docker_pulls": False}
    variables |= {"verify_repository": "", "inherit": {"enabled": True, "users": ["ci"], **inherit}}
    given = {f"builder_{name}": value for name, value in variables.items()}
    return playbook("trust-registries", *arguments, limit=host, variables=given)


def done(run: Run) -> Run:
    assert run.status == 0, run.output
    return run


@pytest.fixture
def _registry() -> Iterator[None]:
    yield
    own_registry.stop()


@pytest.mark.usefixtures("_registry")
def test_a_jobs_own_builder_pushes_before_and_after_a_rotation(engine: str) -> None:
    old, new = authority("old CA"), authority("new CA")
    ci, dockerfile = Engineer(engine, "ci"), {"Dockerfile": f"FROM {base()}\nRUN echo kept > /kept\n"}

    def pushes(builder: str) -> str:
        command = f"docker buildx build --progress plain --builder {builder} --tag {HOST}/ci/{builder}:1 --push . 2>&1"
        return ci.types(f"{command} || echo failed", dockerfile)

    own_registry.serve(old, token=Token())
    on(engine, RIVAL)
    run = done(trust(engine, old.pem))
    assert run.says(f"{DEFAULT} is someone else's, and is kept"), run.output
    on(engine, IMAGE)
    ci.types("docker buildx create --name stranger --bootstrap")
    assert "lookup registry-1.docker.io" in pushes("stranger"), "it knows no mirror"

    on(engine, f"{LINK}; ls /etc > /var/tmp/etc")
    run = trust(engine, old.pem, takeover=True)
    assert run.says("/ca.crt cannot be written"), run.output
    on(engine, "ls /etc | cmp - /var/tmp/etc; rm /home/ci/.docker/buildx/multiarch-builders")

    run = done(trust(engine, old.pem, arguments=("--diff",), takeover=True))
    assert run.says("it replaces a foreign file, which is kept to be restored"), run.output
    assert run.says(f'+ca = ["/home/ci/.docker/buildx/multiarch-builders/{HOST.replace(":", "_")}/ca.crt"]'), run.output
    files = on(engine, FILES)
    assert {line.partition(" ")[2] for line in files.splitlines()} == {"600 ci:ci"}
    assert ci.types("docker buildx create --use --name own").splitlines()[-1] == "own"
    assert "failed" not in pushes("own")
    assert "setting config file is not supported for remote driver" in ci.types(f"! {REMOTE}")
    assert "running" in ci.types(ELSEWHERE)
    assert "far" in on(engine, f"{REMOTE}; docker buildx rm far"), "root has no such file"

    command = "runuser -u ci -- env HOME=/home/ci docker buildx build --builder own --push"
    start_build(engine, "slow", f"{STEP}; echo slept", command=f"{command} --tag {HOST}/ci/slow:1")
    before = on(engine, OWN)
    run = done(trust(engine, old.pem, new.pem, takeover=True))
    assert run.says("replace certificates of builders that users made in place"), run.output
    assert run.says("buildx_buildkit_stranger0 gets no certificates, as it has none from here"), run.output
    own_registry.serve(new, token=Token())
    on(engine, f"pkill --full --exact '{STEP}'")
    assert build_status(engine, "slow") == "0", "pushed to the new certificate"
    on(engine, f"sed -i '/harbor/d' {DEFAULT}")
    run = done(trust(engine, new.pem, takeover=True))
    assert run.says(f"someone else changed {DEFAULT}"), run.output
    assert on(engine, FILES) == files
    assert "CACHED" in pushes("own")
    assert on(engine, OWN) == before
    ci.types("docker buildx create --name late; docker rm --force buildx_buildkit_own0")
    assert ["failed" in pushes(builder) for builder in ("late", "own")] == [False, False], "from the store again"
    assert trust(engine, new.pem, takeover=True).recap(engine)["changed"] == 0

    done(trust(engine, new.pem, enabled=False))
    assert on(engine, f"cat {DEFAULT}; ls -A /home/ci/.docker/buildx").splitlines()[0] == "debug = true"
    assert "multiarch-builders" not in on(engine, "ls -A /home/ci/.docker/buildx")
    assert "failed" not in pushes("own"), "who has it keeps it"
