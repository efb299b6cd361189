"""The builder runs for each of its users, and what it built is in the registry."""

from __future__ import annotations

import json

import pytest
from testinfra.host import Host

PLATFORMS = {"amd64", "arm64", "riscv64", "s390x"}


@pytest.mark.parametrize("user", ["root", "ci"])
def test_every_node_runs(host: Host, user: str) -> None:
    shown = host.check_output("runuser -u %s -- docker buildx inspect", user)
    assert "Name:          multiarch\n" in shown.splitlines(keepends=True)[0]  # it is the current one
    statuses = [line.split()[1] for line in shown.splitlines() if line.startswith("Status:")]
    assert statuses == ["running"]
    assert "Error:" not in shown


def test_buildkit_knows_mirror_and_ca(host: Host) -> None:
    inside = host.check_output("docker exec buildx_buildkit_multiarch0 cat /etc/buildkit/buildkitd.toml")
    assert '["mirror.lab.test:5000"]' in inside
    assert "/etc/buildkit/certs/harbor.lab.test/ca.crt" in inside


def test_the_proof_is_in_the_private_registry(host: Host) -> None:
    repository = host.ansible.get_variables()["builder_verify_repository"]
    index = json.loads(host.check_output("docker buildx imagetools inspect --raw %s:proof", repository))
    found = {each["platform"]["architecture"] for each in index["manifests"]} - {"unknown"}
    assert found == PLATFORMS


def test_nothing_is_left_of_the_work(host: Host) -> None:
    assert host.check_output("docker ps --all --quiet --filter label=multiarch.builders") == ""
    assert (
        host.check_output("find /tmp /var/tmp /run -maxdepth 1 -name 'multiarch-builders*' -o -name 'daemon.json.*'")
        == ""
    )
