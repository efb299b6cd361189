"""What tests of emulation share: provisioning without builders, and what the kernel and its emulators do."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Sequence
from typing import Any

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.probe import expected_machine, probe

from lab.settings import IMAGES_FILE
from tests.hosts.lab import Run, on, playbook

PLATFORMS = ("linux/arm64", "linux/arm/v7", "linux/riscv64", "linux/s390x", "linux/ppc64le")
HANDLERS = ["qemu-aarch64", "qemu-arm", "qemu-riscv64", "qemu-s390x", "qemu-ppc64le"]
PACKAGE = (
    "DEBIAN_FRONTEND=noninteractive apt-get -qq update; apt-get -qq install --yes qemu-user-binfmt >/dev/null 2>&1"
)


def provision(host: str, *arguments: str, **variables: Any) -> Run:
    """Provision without builders; *variables* without `builder_`."""
    given = {"concerns": ["engine", "trust", "daemon", "binfmt"], "platforms": list(PLATFORMS), **variables}
    return playbook(
        "provision-builders",
        *arguments,
        limit=host,
        variables={f"builder_{name}": value for name, value in given.items()},
    )


def binfmt(host: str, *arguments: str) -> None:
    """Run the program of tonistiigi/binfmt's image as jobs do, docker/setup-qemu-action among them."""
    image = json.loads(IMAGES_FILE.read_text())["binfmt"]["reference"]
    on(host, shlex.join(["docker", "run", "--privileged", "--rm", image, *arguments]))


def machines(host: str, platforms: Sequence[str]) -> list[str]:
    """What a program of each platform says that the machine is, run in an empty chroot."""
    lines = ["folder=$(mktemp -d /var/tmp/test.XXXX)"]
    for platform in platforms:
        program = base64.b64encode(probe(platform)).decode()
        lines += [f"echo {program} | base64 -d > $folder/probe", "chmod 755 $folder/probe", "chroot $folder /probe"]
    return on(host, "\n".join([*lines, "rm -r $folder"])).split()


def require_emulation(host: str, platforms: Sequence[str] = PLATFORMS) -> None:
    for platform, machine in zip(platforms, machines(host, platforms), strict=True):
        assert machine in expected_machine(platform), platform


def handler(host: str, name: str) -> dict[str, str]:
    """The kernel's file of a handler."""
    lines = on(host, f"cat /proc/sys/fs/binfmt_misc/{name}").splitlines()
    return {"state": lines[0], **dict(line.replace(":", "").split(" ", 1) for line in lines[1:] if " " in line)}
