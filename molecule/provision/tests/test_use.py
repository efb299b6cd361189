"""What the checks of verification/ do not ask: pulls through the mirror, containers, and files that are users' own."""

from __future__ import annotations

import json

import pytest
from testinfra.host import Host

MACHINES = [
    ("linux/amd64", "x86_64"),
    ("linux/arm64", "aarch64"),
    ("linux/riscv64", "riscv64"),
    ("linux/s390x", "s390x"),
]


@pytest.mark.parametrize(("platform", "machine"), MACHINES)
def test_a_container_of_the_platform_runs(host: Host, platform: str, machine: str) -> None:
    """Its image comes through the mirror, whose CA no system knew."""
    image = host.ansible.get_variables()["builder_verify_base"]
    ran = host.run("docker run --rm --platform %s %s uname -m", platform, image)
    assert ran.stdout.strip() == machine, ran.stderr


def test_the_hosts_own_architecture_has_no_handler(host: Host) -> None:
    assert not host.file("/proc/sys/fs/binfmt_misc/qemu-x86_64").exists


def test_daemon_json_is_dockers_own_to_read(host: Host) -> None:
    file = host.file("/etc/docker/daemon.json")
    assert (file.user, file.group, file.mode) == ("root", "root", 0o644)
    assert json.loads(file.content_string)["features"] == {"containerd-snapshotter": True}


@pytest.mark.parametrize(("user", "home"), [("root", "/root"), ("ci", "/home/ci")])
def test_the_login_is_the_users_own(host: Host, user: str, home: str) -> None:
    file = host.file(f"{home}/.docker/config.json")
    assert (file.user, file.mode) == (user, 0o600)
    assert '"harbor.lab.test"' in file.content_string


def test_nothing_is_left_of_daemon_json_but_itself(host: Host) -> None:
    assert host.check_output("find /run /etc/docker -maxdepth 1 -name '*daemon.json*'") == "/etc/docker/daemon.json"
