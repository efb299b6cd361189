"""Trust in a self-signed registry: given in one run, rotated without disturbing a build, taken away again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

from lab.settings import IMAGES_FILE
from tests.hosts import own_registry
from tests.hosts.daemon import build_status, start_build
from tests.hosts.lab import Run, on, playbook
from tests.hosts.own_registry import HOST, authority

BASE = json.loads(IMAGES_FILE.read_text())["base"]["reference"]
MIRROR = {"host": "mirror.lab.test:5000", "ca": "{{ lab_state }}/pki/ca.crt"}
HUB = {"host": "docker.io", "mirrors": ["mirror.lab.test:5000"]}
# The four ways: BuildKit pushes, dockerd pulls, the client reads an index, a program asks with the system's store.
PUSH = f"""
mkdir -p /var/tmp/own; printf 'FROM {BASE}\\nRUN echo kept > /kept\\n' > /var/tmp/own/Dockerfile
docker buildx build --progress plain --tag {HOST}/own:1 --push /var/tmp/own 2>&1
"""
PULL = f"docker pull --quiet {HOST}/own:1"
INDEX = f"docker buildx imagetools inspect {HOST}/own:1"
PLAIN = f"python3 -c 'import urllib.request; urllib.request.urlopen(\"https://{HOST}/v2/\")'"
WAYS = {"push": PUSH, "pull": PULL, "index": INDEX, "plain": PLAIN}
# A build that runs until it is ended: no test depends on how fast the machine is.
STEP = "sleep 1005"
PROOF = "Build for every platform"
CONTAINER = "docker inspect --format '{{.Id}} {{.State.StartedAt}}' buildx_buildkit_multiarch0"


def trust(host: str, *cas: str) -> Run:
    """trust-registries.yml with our registry, trusted by *cas*; without any it is not in the table."""
    ours = [{"host": HOST, "ca": "".join(cas)}] if cas else []
    least = {"builder_users": ["root"], "builder_platforms": ["amd64"], "builder_verify_repository": ""}
    return playbook("trust-registries", limit=host, variables={"builder_registries": [HUB, MIRROR, *ours], **least})


def failing(host: str) -> dict[str, str]:
    """{way: words} of the ways that do not lead to the registry."""
    found = {
        way: on(host, f"({script}) > /var/tmp/way.log 2>&1 || cat /var/tmp/way.log") for way, script in WAYS.items()
    }
    return {way: words for way, words in found.items() if words}


@pytest.fixture
def _registry() -> Iterator[None]:
    yield
    own_registry.stop()


@pytest.mark.usefixtures("_registry")
def test_from_no_trust_through_a_rotation_to_no_trust(engine: str) -> None:
    old, new = authority("old CA"), authority("new CA")
    own_registry.serve(old)
    run = trust(engine)
    assert run.status == 0, run.output
    assert run.says(PROOF)
    first = failing(engine)
    assert set(first) == set(WAYS)
    assert [
        way for way, words in first.items() if "unknown authority" not in words and "CERTIFICATE" not in words
    ] == []

    run = trust(engine, old.pem)
    assert run.status == 0, run.output
    assert failing(engine) == {}
    docker, builder = on(engine, "cat /run/docker.pid"), on(engine, CONTAINER)

    start_build(engine, "slow", f"{STEP}; echo slept", command=f"docker buildx build --tag {HOST}/slow:1 --push")
    run = trust(engine, old.pem, new.pem)  # while a build runs
    assert run.status == 0, run.output
    assert run.says("replace certificates of builder multiarch in place (builds are unaffected)")
    assert not run.says(PROOF), "a change of certificates alone is proven by asking the registries"
    assert on(engine, f"pgrep --full --exact '{STEP}' || true") != ""
    own_registry.serve(new)
    on(engine, f"pkill --full --exact '{STEP}'")
    assert build_status(engine, "slow") == "0"  # pushed to the new certificate
    assert failing(engine) == {}

    run = trust(engine, new.pem)
    assert run.status == 0, run.output
    assert failing(engine) == {}
    assert "CACHED" in on(engine, PUSH)
    assert (on(engine, "cat /run/docker.pid"), on(engine, CONTAINER)) == (docker, builder)
    assert trust(engine, new.pem).recap(engine)["changed"] == 0
    own_registry.serve(old)  # whom nobody trusts any more
    assert set(failing(engine)) == set(WAYS)

    run = trust(engine)
    assert run.status == 0, run.output
    assert HOST not in on(engine, "ls /etc/docker/certs.d /usr/local/share/ca-certificates")
    assert on(engine, f"grep -rl '{HOST}' /etc/docker /root/.docker/buildx || true") == ""


@pytest.mark.usefixtures("_registry")
def test_a_registry_that_demands_a_certificate_of_its_clients(engine: str) -> None:
    ca, clients = authority("server CA"), authority("client CA")
    pair = make("ci", ca=False, issuer=clients)
    own_registry.serve(ca, clients=clients)
    ours = {"host": HOST, "ca": ca.pem, "client_cert": pair.pem, "client_key": pair.key_pem}
    variables: dict[str, Any] = {"builder_users": ["root"], "builder_platforms": ["amd64"]}
    variables |= {"builder_verify_repository": "", "builder_registries": [HUB, MIRROR, ours]}
    run = playbook("trust-registries", "-vvv", "--diff", limit=engine, variables=variables)
    assert run.status == 0, run.output
    assert pair.key_pem.splitlines()[1] not in run.output
    # buildx itself shows no certificate to a registry (util/imagetools/inspect.go: its own client for every registry),
    # and a program that only has the system's store has none
    assert set(failing(engine)) == {"index", "plain"}
    assert on(engine, f"stat --format %a /etc/docker/certs.d/{HOST}/client.key").strip() == "600"
