"""Trust is proven by the four ways that a host has: before, after, and told apart from other failures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hosts import own_registry
from tests.hosts.lab import playbook

CA = "{{ lab_state }}/pki/ca.crt"
HARBOR, MIRROR = {"host": "harbor.lab.test", "ca": CA}, {"host": "mirror.lab.test:5000", "ca": CA}
TABLE = [{"host": "docker.io", "mirrors": ["mirror.lab.test:5000"]}, MIRROR, HARBOR]
LEAST = {
    "builder_users": ["root", "ci"],
    "builder_platforms": ["amd64"],
    "builder_concerns": ["trust", "daemon", "buildx"],
    "builder_verify_repository": "",
    "builder_verify_trust": True,
    "builder_registries": TABLE,
}
# Names of the lab that its certificates do not have, a port that nobody listens on, and a CA that nobody gave.
ELSEWHERE, CLOSED, STRANGER = "mirror.lab.test", "harbor.lab.test:81", own_registry.HOST
WAYS = ("plain", "dockerd", "client-root", "client-ci", "builder-multiarch")


def told(registry: str, outcome: str, ways: tuple[str, ...] = WAYS) -> str:
    """How the ways to a registry that all had one outcome are told."""
    return f"- {', '.join(f'trust[{registry}-{way}]' for way in ways)}: {registry}: {outcome} "


@pytest.fixture
def _stranger() -> Iterator[None]:
    own_registry.serve(own_registry.authority("nobody's CA"))
    yield
    own_registry.stop()


@pytest.mark.usefixtures("_stranger")
@pytest.mark.thorough
def test_each_way_is_proven_and_each_failure_is_told_apart(engine: str) -> None:
    run = playbook("verify-builders", limit=engine, variables=LEAST)
    assert run.recap(engine)["failed"] == 1
    for registry in (HARBOR, MIRROR):
        assert run.says(told(registry["host"], "unknown authority", WAYS[:-1])), run.output
    assert run.says("Its `ca` in builder_registries is right, but is not installed everywhere")
    assert run.says("builder multiarch does not exist, so it was not tested")

    strange = {**LEAST, "builder_registries": [*TABLE, *({"host": host} for host in (ELSEWHERE, CLOSED, STRANGER))]}
    run = playbook("provision-builders", limit=engine, variables=strange)
    assert run.recap(engine)["failed"] == 1, "all is changed, and not proven"
    run = playbook("provision-builders", limit=engine, variables=LEAST)
    assert run.status == 0, run.output
    assert run.recap(engine)["changed"] == 0
    for proof in ("trust", "builds"):
        assert run.says(f"{proof}: no proof has passed since the change of "), run.output
    assert run.output.count("Prove trust in the registries") == 1
    assert run.says(f"{engine}: proven")
    assert playbook("provision-builders", limit=engine, variables=LEAST).says(f"{engine}: nothing to do")

    run = playbook("verify-builders", limit=engine, variables=strange)
    assert run.recap(engine)["failed"] == 1
    expected = [
        told(ELSEWHERE, "name mismatch"),
        f"The certificate is for harbor.lab.test, 198.51.100.2: use one of these names in builder_registries and "
        f"images, or have it reissued for {ELSEWHERE}.",
        f"{told(CLOSED, 'no answer')}| plain: harbor.lab.test port 81: Connection refused",
        told(STRANGER, "unknown authority"),
        f"Set `ca` of {STRANGER} in builder_registries to its CA, and run playbooks/trust-registries.yml "
        "(CN=nobody's CA signed it).",
    ]
    assert [words for words in expected if not run.says(words)] == [], run.output
    assert not run.says("trust[harbor.lab.test-")
    assert not run.says("trust[mirror.lab.test:5000-")

    run = playbook("verify-builders", limit=engine, variables=LEAST)
    assert run.status == 0, run.output
    assert run.says("mirror.lab.test:5000: CN=mirror.lab.test for mirror.lab.test, 198.51.100.2, until ")
    assert run.says("signed by CN=multiarch lab CA")
    assert run.recap(engine)["changed"] == 0
