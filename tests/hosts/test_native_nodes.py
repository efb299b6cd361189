"""Nodes that name no platforms: each platform goes to a machine that runs it, else to the host itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.certificates import CA
from lab.settings import IMAGES_FILE
from lab.topology import HOSTS
from tests.hosts.conftest import NEWER_ENGINE, OLDER_ENGINE
from tests.hosts.lab import lab, on, playbook

HERE, THERE = OLDER_ENGINE, NEWER_ENGINE
ADDRESS = {host.name: str(host.address) for host in HOSTS}
REGISTRIES = [
    {"host": "docker.io", "mirrors": ["mirror.lab.test:5000"]},
    {"host": "mirror.lab.test:5000", "ca": str(CA)},
]
HISTORIES = "buildctl debug histories --format '{{json .}}'"


def provision(nodes: list[dict[str, Any]]) -> Any:
    image = json.loads(IMAGES_FILE.read_text())["buildkit"]["reference"]
    variables = {
        "builder_instances": [{"name": "multiarch", "image": image, "default": True, "nodes": nodes}],
        "builder_registries": REGISTRIES,
        "builder_users": ["root"],
        "builder_platforms": ["amd64", "arm64", "386"],
        "builder_verify_base": "scratch",  # which, unlike the lab's busybox, has linux/386
        "builder_verify_repository": "",
    }
    run = playbook("provision-builders", limit=HERE, variables=variables)
    assert run.status == 0, run.output
    return run


def platforms() -> dict[str, list[str]]:
    """{node: its platforms} in the store of root."""
    entry = json.loads(on(HERE, "cat ~/.docker/buildx/instances/multiarch"))
    return {each["Name"]: [item["architecture"] for item in each["Platforms"] or ()] for each in entry["Nodes"]}


@pytest.mark.thorough
def test_each_platform_has_its_node() -> None:
    """Both machines are amd64, and the first in the list gets what both run; this host has the emulators."""
    lab("reset", HERE, THERE)
    concerns = {"builder_concerns": ["engine", "trust", "daemon"], "builder_registries": REGISTRIES}
    assert playbook("provision-builders", limit=THERE, variables=concerns).status == 0
    on(HERE, f"mkdir -p -m 700 ~/.ssh; ssh-keyscan -t ed25519 {ADDRESS[THERE]} >> ~/.ssh/known_hosts 2>/dev/null")
    public = on(HERE, "ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519; cat ~/.ssh/id_ed25519.pub")
    on(THERE, "cat >> ~ci/.ssh/authorized_keys", stdin=public)

    there, here = {"host": THERE, "user": "ci"}, {"host": HERE}
    provision([there, here])
    assert platforms() == {f"multiarch-{THERE}": ["amd64", "386"], f"multiarch-{HERE}": ["arm64"]}
    assert provision([there, here]).recap(HERE)["changed"] == 0
    for host in (HERE, THERE):  # each has built for its platforms, of which the other one knew nothing
        assert on(host, f"docker exec buildx_buildkit_multiarch-{host} {HISTORIES}").strip() != "", host
    assert "qemu" not in on(THERE, "ls /proc/sys/fs/binfmt_misc")

    # A list that says otherwise is followed, and one that forgets a platform is told.
    run = provision([{**there, "platforms": ["386"]}, {**here, "platforms": ["arm64"]}])
    assert platforms() == {f"multiarch-{THERE}": ["386"], f"multiarch-{HERE}": ["arm64"]}
    assert run.says("no node names linux/amd64 in its `platforms`, so builds that include it go to the first node")
    assert run.says(f"name it at node multiarch-{THERE}, which runs it natively"), run.output
