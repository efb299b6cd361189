"""The root file system of arm64 hosts, with its kernel: Debian by mmdebstrap, whose scripts run emulated."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from lab import base, caching, debian
from lab.images import packages
from lab.progress import timed
from lab.topology import ARM64
from lab.vm import foreign

NAME = f"base-{ARM64.name}"
EMULATOR = "usr/bin/qemu-aarch64"  # of Debian's qemu-user, static since Debian 13
ANY_PROCESSOR = "--skip=check/qemu"  # which asks this machine's own registry of handlers
# All that the kernel lacks to find the disk; copying every module, emulated, would take as long as all else.
FEW_MODULES = """\
cd "$1/usr/share" && mkdir -p initramfs-tools/conf.d initramfs-tools/modules.d
echo MODULES=list >initramfs-tools/conf.d/lab
echo virtio_blk >initramfs-tools/modules.d/lab
"""
OPTIONS = (
    ANY_PROCESSOR,
    f"--essential-hook={FEW_MODULES}",
    f'--customize-hook=chroot "$1" sh -eu -c {shlex.quote(base.CUSTOMISE)}',
)


def _key() -> str:
    return caching.key_of(ARM64, OPTIONS, debian.NO_DOCS)


def ensure() -> Path:
    """The folder of the root file system, built first where it is missing: some minutes."""

    def build(unfinished: Path) -> None:
        with timed(f"{ARM64.title}: base file system by mmdebstrap, emulated, which takes minutes"):
            work = unfinished / "work"
            [package] = packages.download(work, ARM64.suite, ["qemu-user"])
            packages.unpack(package, work, EMULATOR)
            debian.bootstrap(
                unfinished / "root",
                ARM64.suite,
                ARM64.packages,
                variant="minbase",
                architecture="arm64",
                options=OPTIONS,
                within=foreign.command(work / EMULATOR),
            )
            shutil.rmtree(work)

    return caching.ensure(NAME, _key(), build) / "root"


def kernel(root: Path) -> Path:
    """The kernel, of which Debian makes a link."""
    return root / "vmlinuz"


def initrd(root: Path) -> Path:
    """What the kernel finds the disk with."""
    return root / "initrd.img"
