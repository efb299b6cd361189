# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole folders: measured and removed. Paths are bytes, as names in layers of images may be no text."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.host import watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError


@dataclass(frozen=True)
class Size:
    """*used* are bytes on the disk, *inodes* the number of files and folders."""

    used: int = 0
    inodes: int = 0


def measure(folder: str) -> Size:
    """The size of a folder, 0 if there is none. What is mounted in it, or vanishes meanwhile, is not counted."""
    watch.spoil(f"the size of {folder} was measured")
    place, seen = os.fsencode(at(folder)), set()
    try:
        device = os.lstat(place).st_dev
    except (FileNotFoundError, NotADirectoryError):
        return Size()
    used = inodes = 0
    folders = [place]
    with told(folder, "cannot be measured"):
        while folders:
            for each in _entries(folders.pop()):
                with contextlib.suppress(FileNotFoundError):
                    found = each.stat(follow_symlinks=False)
                    if stat.S_ISDIR(found.st_mode):
                        if found.st_dev != device:
                            continue
                        folders.append(each.path)
                    elif found.st_nlink > 1:
                        if found.st_ino in seen:
                            continue
                        seen.add(found.st_ino)
                    used += found.st_blocks * 512
                    inodes += 1
    return Size(used, inodes)


def _entries(folder: bytes) -> t.List[os.DirEntry[bytes]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):
        return []


def is_empty(folder: str) -> bool:
    """Whether nothing is in *folder*, or there is none."""
    watch.spoil(f"the content of {folder} was looked at")
    with told(folder, "cannot be read"):
        return not _entries(os.fsencode(at(folder)))


def remove(folder: str) -> None:
    """Remove *folder*, of a mount its content alone; it need not exist. Raises HostError for a mount in it."""
    place = os.fsencode(at(folder))
    with told(folder, "cannot be removed"):
        found = state(place)
        if found is not None:
            _empty(place, found.st_dev)
            try:
                os.rmdir(place)
            except OSError as exc:
                if exc.errno != errno.EBUSY:
                    raise


def state(path: bytes) -> t.Optional[os.stat_result]:
    """lstat(2), None if nothing is there."""
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def delete(path: bytes) -> None:
    """Remove a file or folder. Raises OSError."""
    found = os.lstat(path)
    if stat.S_ISDIR(found.st_mode):
        _empty(path, found.st_dev)
        os.rmdir(path)
    else:
        os.unlink(path)


def _empty(folder: bytes, device: int) -> None:
    for each in _entries(folder):
        if not each.is_dir(follow_symlinks=False):
            os.unlink(each.path)
            continue
        if each.stat(follow_symlinks=False).st_dev != device:
            raise OSError(errno.EXDEV, "another file system is mounted there", os.fsdecode(each.path))
        _empty(each.path, device)
        os.rmdir(each.path)


@contextlib.contextmanager
def told(folder: str, what: str) -> t.Iterator[None]:
    """Have what goes wrong in the block be a HostError."""
    try:
        yield
    except RecursionError:
        raise HostError(f"{folder} {what}: folders are nested too deep") from None
    except OSError as exc:
        raise HostError(f"{folder} {what}: {exc}") from exc
