# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole folders, copied with everything that layers of images consist of.

Not `cp -a`: that is silent about extended attributes which it could not set (GNU coreutils, copy.c), is another program
in each distribution, and a second pass copies everything again. Paths are bytes, as names in layers need not be text.

A copy is made in passes. A file is not copied again if an earlier pass copied it, and nobody wrote to it or changed its
attributes since: its change time (ctime), which programs cannot set, is from before the first pass.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.trees import delete, state, told
from ansible_collections.multiarch.builders.plugins.module_utils.model.copy_start import Start
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

_AT_ONCE = 64 * 1024**2
_TEMPORARY = b".multiarch-builders-copy"


def start() -> Start:
    """The current moment; what programs have changed by mapping files until now has got its change time."""
    os.sync()
    clock = time.time()
    boot = at("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
    return Start(clock, clock - time.clock_gettime(time.CLOCK_BOOTTIME), boot)


def trusted(begun: Start) -> float:
    """Files with an older change time, in seconds, are as they were when the copy had *begun*; 0 if none can be."""
    return begun.trusted(start())


def copy(source: str, target: str, trusted: float, *, live: bool) -> None:
    """Make *target* the same as *source*: what is only in *target* is removed.

    Kept are owners, modes, times, hard links, extended attributes (with ACLs, capabilities and overlay's), holes,
    symlinks, devices (with overlay's whiteouts), pipes, sockets. *trusted* is as of trusted(). With *live* programs may
    change *source* meanwhile: what vanishes or is mounted is passed over, for a last pass without. Raises HostError.
    """
    _require_kind(source)
    with told(target, f"cannot get the content of {source}"):
        old, new = os.fsencode(at(source)), os.fsencode(at(target))
        os.makedirs(new, 0o711, exist_ok=True)
        _Copy(int(trusted * 10**9), os.lstat(old).st_dev, live=live).folder(old, new, os.lstat(old))
        os.sync()


def _require_kind(source: str) -> None:
    if not at(source).is_dir():
        raise HostError(f"{source} is no folder")


class _Copy:
    """One pass. *device* is that of the source."""

    def __init__(self, trusted: int, device: int, *, live: bool) -> None:
        self.trusted, self.device, self.live = trusted, device, live
        self.links: t.Dict[int, bytes] = {}  # source's inode with several names: the first name of its copy
        self.taken: t.Set[int] = set()  # inodes of such copies

    def folder(self, source: bytes, target: bytes, found: os.stat_result) -> None:
        names = os.listdir(source)
        for name in set(os.listdir(target)).difference(names):
            delete(os.path.join(target, name))
        for name in sorted(names):
            if self.live:
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    self.entry(os.path.join(source, name), os.path.join(target, name))
            else:
                self.entry(os.path.join(source, name), os.path.join(target, name))
        _attributes(source, target, found)

    def entry(self, source: bytes, target: bytes) -> None:
        found, there = os.lstat(source), state(target)
        if stat.S_ISDIR(found.st_mode):
            self.subfolder(source, target, found, there)
            return
        first = self.links.get(found.st_ino) if found.st_nlink > 1 else None
        if first is not None:
            if there is None or there.st_ino != os.lstat(first).st_ino:
                _replace(target, there, lambda new: os.link(first, new, follow_symlinks=False))
            return
        if there is None or not self.is_same(source, target, found, there):
            _replace(target, there, lambda new: _make(source, new, found))
        if found.st_nlink > 1:
            self.links[found.st_ino] = target
            self.taken.add(os.lstat(target).st_ino)

    def subfolder(self, source: bytes, target: bytes, found: os.stat_result, there: t.Optional[os.stat_result]) -> None:
        if found.st_dev != self.device:
            if self.live:  # a container's, which is gone once that has stopped
                return
            raise OSError(errno.EXDEV, "another file system is mounted there", os.fsdecode(source))
        if there is not None and not stat.S_ISDIR(there.st_mode):
            os.unlink(target)
            there = None
        if there is None:
            os.mkdir(target, 0o700)
        self.folder(source, target, found)

    def is_same(self, source: bytes, target: bytes, found: os.stat_result, there: os.stat_result) -> bool:
        """Whether *target* is the copy that an earlier pass made of *source*."""
        if found.st_ctime_ns >= self.trusted or stat.S_IFMT(found.st_mode) != stat.S_IFMT(there.st_mode):
            return False
        if there.st_nlink > 1 and (found.st_nlink == 1 or there.st_ino in self.taken):
            return False  # the copy of something else has this name, too
        if stat.S_ISLNK(found.st_mode):
            return os.readlink(source) == os.readlink(target)
        return _shape(found) == _shape(there)


def _shape(found: os.stat_result) -> t.Tuple[int, ...]:
    return (found.st_size, found.st_mtime_ns, found.st_rdev, found.st_mode, found.st_uid, found.st_gid)


def _replace(target: bytes, there: t.Optional[os.stat_result], make: t.Callable[[bytes], None]) -> None:
    """Have *make* create the file under another name, which a killed pass leaves and the next one removes."""
    temporary = os.path.join(os.path.dirname(target), _TEMPORARY)
    if state(temporary) is not None:
        delete(temporary)
    try:
        make(temporary)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if there is not None and stat.S_ISDIR(there.st_mode):
        delete(target)
    os.replace(temporary, target)


def _make(source: bytes, target: bytes, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        os.symlink(os.readlink(source), target)
    elif stat.S_ISREG(found.st_mode):
        _content(source, target)
    else:
        os.mknod(target, stat.S_IFMT(found.st_mode) | 0o600, found.st_rdev)
    _attributes(source, target, found)


def _content(source: bytes, target: bytes) -> None:
    """The data of a file; holes stay holes."""
    old = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        new = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            size, place = os.fstat(old).st_size, 0
            os.ftruncate(new, size)
            while place < size:
                try:
                    place = os.lseek(old, place, os.SEEK_DATA)
                except OSError as exc:
                    if exc.errno == errno.ENXIO:  # nothing but a hole follows
                        break
                    raise
                place = _data(old, new, place, os.lseek(old, place, os.SEEK_HOLE))
        finally:
            os.close(new)
    finally:
        os.close(old)


def _data(old: int, new: int, place: int, end: int) -> int:
    """Copy the bytes from *place* to *end*; returns where it ended, the file's end if a program shortened it."""
    os.lseek(new, place, os.SEEK_SET)
    while place < end:
        done = os.sendfile(new, old, place, min(end - place, _AT_ONCE))
        if done == 0:
            return end
        place += done
    return place


def _attributes(source: bytes, target: bytes, found: os.stat_result) -> None:
    """Owner first, as that takes setuid bits and capabilities away; times last."""
    os.lchown(target, found.st_uid, found.st_gid)
    names = [each for each in os.listxattr(source, follow_symlinks=False) if not each.startswith("btrfs.")]
    for name in set(os.listxattr(target, follow_symlinks=False)).difference(names):
        if not name.startswith(("btrfs.", "security.")):
            os.removexattr(target, name, follow_symlinks=False)
    for name in names:
        value = os.getxattr(source, name, follow_symlinks=False)
        try:
            os.setxattr(target, name, value, follow_symlinks=False)
        except OSError as exc:
            where = os.fsdecode(target)
            raise OSError(exc.errno, f"the attribute {name} is not kept ({exc.strerror})", where) from exc
    if not stat.S_ISLNK(found.st_mode):
        os.chmod(target, stat.S_IMODE(found.st_mode))
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns), follow_symlinks=False)
