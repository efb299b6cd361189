"""Base root file systems: Debian by mmdebstrap, customised, and owned by the hosts' user namespace."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from lab import caching, debian
from lab.command import run
from lab.progress import timed
from lab.settings import UID_BASE
from lab.topology import BASES, Base

# What makes Debian a container host under nspawn, and the two ordinary users that every host has. A base that is made
# from another has it done again.
CUSTOMISE = r"""
: >/etc/fstab
: >/etc/machine-id
: >/etc/resolv.conf
rm -f /etc/ssh/ssh_host_* /etc/hostname
for user in ci ops; do id "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"; done
! getent group docker >/dev/null || usermod --append --groups docker ci
echo 'ops ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops
chmod 0440 /etc/sudoers.d/ops
systemctl enable --quiet systemd-networkd.service ssh.service
# They fail in a container or wait for nothing: without them the host says `running`, not `degraded`.
systemctl mask --quiet systemd-networkd-wait-online.service sys-kernel-debug.mount sys-kernel-tracing.mount
# The automount wants a writable /proc/sys, which a user namespace has not; the mount itself works.
mkdir -p /etc/systemd/system/sysinit.target.wants
ln -sf /usr/lib/systemd/system/proc-sys-fs-binfmt_misc.mount /etc/systemd/system/sysinit.target.wants/
# dnsmasq and the registries of the registry host are started by the lab's own units.
! test -e /usr/lib/systemd/system/docker-registry.service || systemctl mask --quiet docker-registry.service
"""


def _key(base: Base) -> str:
    return caching.key_of(base, CUSTOMISE, debian.NO_DOCS, UID_BASE)


def find(base: Base) -> Path | None:
    """The folder in the cache of this base, if it was built."""
    return caching.find(f"base-{base.name}", _key(base))


def ensure(base: Base) -> Path:
    """The folder of this base's root file system, built first where it is missing."""

    def build(unfinished: Path) -> None:
        root, variant, options = unfinished / "root", "minbase", [] if base.expires else [debian.NO_EXPIRY]
        if base.below:
            below, variant = ensure(base.below), "custom"
            options.append(debian.ADD_TO_WHAT_IS_THERE)
        with timed(f"{base.title}: base file system by mmdebstrap"):
            if base.below:
                copy(below, root)
            waited_for = any(other.below == base for other in BASES)
            debian.bootstrap(root, base.suite, base.packages, variant=variant, options=options, later=not waited_for)
            run(["chroot", str(root), "sh", "-eu", "-c", CUSTOMISE])
            shift_owners(root, UID_BASE)

    return caching.ensure(f"base-{base.name}", _key(base), build) / "root"


def copy(below: Path, root: Path) -> None:
    """A base's root file system as it was before it was given to the user namespace, without devices."""
    run(["cp", "--archive", str(below), str(root)])
    shift_owners(root, -UID_BASE)
    shutil.rmtree(root / "dev")
    (root / "dev").mkdir()


def shift_owners(top: Path, by: int) -> None:
    """Give everything to the user namespace's range once, so that hosts can share it without another copy."""
    for folder, subfolders, files in os.walk(top):
        for name in (".", *subfolders, *files):
            path = os.path.join(folder, name)  # noqa: PTH118 - a hundred thousand times: pathlib is slow here
            if name == "." and folder != str(top):
                continue  # already done as a subfolder
            status = os.lstat(path)
            os.lchown(path, status.st_uid + by, status.st_gid + by)
            if not stat.S_ISLNK(status.st_mode) and status.st_mode & (stat.S_ISUID | stat.S_ISGID):
                os.chmod(path, stat.S_IMODE(status.st_mode))  # noqa: PTH101 - chown clears these bits
