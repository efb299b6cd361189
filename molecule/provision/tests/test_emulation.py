"""Every platform runs: the kernel's own files say so, and programs of each platform do."""

from __future__ import annotations

import pytest
from testinfra.host import Host

HANDLERS = ["qemu-aarch64", "qemu-riscv64", "qemu-s390x"]
MACHINES = [
    ("linux/amd64", "x86_64"),
    ("linux/arm64", "aarch64"),
    ("linux/riscv64", "riscv64"),
    ("linux/s390x", "s390x"),
]


@pytest.mark.parametrize("handler", HANDLERS)
def test_handler_is_enabled_fixed_and_lasts(host: Host, handler: str) -> None:
    lines = host.file(f"/proc/sys/fs/binfmt_misc/{handler}").content_string.splitlines()
    assert lines[0] == "enabled"
    assert "F" in lines[2].removeprefix("flags: ")
    interpreter = lines[1].removeprefix("interpreter ")
    assert host.file(interpreter).mode == 0o755
    assert host.file(f"/etc/binfmt.d/{handler}.conf").content_string.startswith(f":{handler}:M:")
    assert f":{interpreter}:" in host.file(f"/etc/binfmt.d/{handler}.conf").content_string


def test_the_hosts_own_architecture_has_no_handler(host: Host) -> None:
    assert not host.file("/proc/sys/fs/binfmt_misc/qemu-x86_64").exists


@pytest.mark.parametrize(("platform", "machine"), MACHINES)
def test_a_container_of_the_platform_runs(host: Host, platform: str, machine: str) -> None:
    image = host.ansible.get_variables()["builder_verify_base"]
    ran = host.run("docker run --rm --platform %s %s uname -m", platform, image)
    assert ran.stdout.strip() == machine, ran.stderr
