"""dockerd runs with what was asked."""

from __future__ import annotations

import json

import pytest
from testinfra.host import Host


@pytest.fixture
def info(host: Host) -> dict[str, object]:
    # testinfra logs in and becomes root as the inventory says
    return json.loads(host.check_output("docker info --format '{{json .}}'"))


def test_the_containerd_image_store_is_on(info: dict[str, object]) -> None:
    assert ["driver-type", "io.containerd.snapshotter.v1"] in info["DriverStatus"]


def test_docker_hub_has_its_mirror(info: dict[str, dict[str, object]]) -> None:
    assert info["RegistryConfig"]["Mirrors"] == ["https://mirror.lab.test:5000/"]


def test_a_pull_goes_through_the_mirror_with_its_private_ca(host: Host) -> None:
    image = host.ansible.get_variables()["builder_verify_base"]
    pulled = host.run("docker pull --quiet --platform linux/riscv64 %s", image)
    assert pulled.rc == 0, pulled.stderr


def test_the_file_is_dockers_own_to_read(host: Host) -> None:
    file = host.file("/etc/docker/daemon.json")
    assert (file.user, file.group, file.mode) == ("root", "root", 0o644)
    assert json.loads(file.content_string)["features"] == {"containerd-snapshotter": True}
