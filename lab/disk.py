"""A host's own disk: what it changes on top of its shared base, and the files that make it this host."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from lab.settings import HOSTS, UID_BASE
from lab.topology import Host

# An overlay cannot lie on an overlay: the folders where an engine mounts its own are plain ones.
PLAIN = ("docker", "containerd")


@dataclass(frozen=True)
class File:
    """A file to plant in a host before it boots."""

    path: str
    content: str
    mode: int = 0o644
    owner: str = "root"


@dataclass(frozen=True)
class Disk:
    """The folders of one host's disk."""

    folder: Path

    @property
    def upper(self) -> Path:
        return self.folder / "upper"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def console(self) -> Path:
        return self.folder / "console.log"

    @property
    def ready(self) -> Path:
        """There while the host is booted and was found to answer."""
        return self.folder / "ready"


def disk_of(host: Host) -> Disk:
    """Where the disk of a host lies."""
    return Disk(HOSTS / host.name)


def _uid(base: Path, user: str) -> int:
    for line in (base / "etc/passwd").read_text().splitlines():
        name, _password, uid, *_ = line.split(":")
        if name == user:
            return int(uid)
    raise KeyError(f"no user {user} in {base}/etc/passwd")


def _folder(base: Path, upper: Path, relative: Path, uid: int) -> None:
    """A folder in the upper layer covers the base's folder, so it has to look like it."""
    if (upper / relative).is_dir():
        return
    if relative != relative.parent:
        _folder(base, upper, relative.parent, uid)
    (upper / relative).mkdir()
    if (base / relative).is_dir():
        original = (base / relative).stat()
        os.chown(upper / relative, original.st_uid, original.st_gid)
        (upper / relative).chmod(original.st_mode & 0o7777)
    else:
        os.chown(upper / relative, uid, uid)
        (upper / relative).chmod(0o755)


def plant(base: Path, upper: Path, file: File, first_uid: int = UID_BASE) -> None:
    """Write a file into the layer above a base, for its owner there; *first_uid* is who root is on this machine."""
    uid = first_uid + _uid(base, file.owner)
    relative = Path(file.path.lstrip("/"))
    _folder(base, upper, relative.parent, uid)
    target = upper / relative
    target.touch(mode=0o600)
    target.write_text(file.content)
    target.chmod(file.mode)
    os.chown(target, uid, uid)


def ensure(host: Host, base: Path, files: list[File]) -> None:
    """Make a host's disk unless it has one; complete or not at all."""
    disk = disk_of(host)
    if disk.folder.is_dir():
        return
    new = Disk(HOSTS / f".new-{host.name}")
    shutil.rmtree(new.folder, ignore_errors=True)
    for folder in (new.upper, new.work, new.root, *(new.folder / name for name in PLAIN)):
        folder.mkdir(parents=True)
        os.chown(folder, UID_BASE, UID_BASE)
    for file in files:
        plant(base, new.upper, file)
    new.folder.rename(disk.folder)


def discard(folder: Path) -> None:
    """Remove a disk: out of the way first, so that one half removed is never taken for one."""
    away = folder.with_name(f".old-{folder.name}")
    shutil.rmtree(away, ignore_errors=True)
    if folder.is_dir():
        folder.rename(away)
        shutil.rmtree(away)
