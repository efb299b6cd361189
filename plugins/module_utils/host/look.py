# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the host: what is where, and what it is. A file's content is for files.py, users are for users.py.

Nobody else looks at the file system, so a look can be sent to another place (place.py).
"""

from __future__ import annotations

import os
import pathlib
import shutil
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at, here

Path = t.Union[str, pathlib.PurePath]


def exists(path: Path) -> bool:
    """Whether something is there; a link that leads nowhere is not."""
    return at(path).exists()


def is_file(path: Path) -> bool:
    """Whether a regular file, or a link to one, is there."""
    return at(path).is_file()


def is_folder(path: Path) -> bool:
    """Whether a folder, or a link to one, is there."""
    return at(path).is_dir()


def state(path: Path) -> t.Optional[os.stat_result]:
    """stat(2) of what is there, links followed; None if nothing is, or it cannot be looked at."""
    try:
        return at(path).stat()
    except (OSError, ValueError):
        return None


def link(path: Path) -> t.Optional[str]:
    """Where a link leads, None if it is none."""
    try:
        return str(at(path).readlink())
    except OSError:
        return None


def real(path: Path) -> str:
    """The path without links and dots, also of what is not there."""
    found, root = os.path.realpath(at(path)), os.path.realpath(here().root or "/").rstrip("/")
    return (found[len(root) :] or "/") if root and f"{found}/".startswith(f"{root}/") else found


def names(folder: Path) -> t.Tuple[str, ...]:
    """The names of what is in a folder, sorted; none if there is no folder. Raises OSError if it cannot be read."""
    try:
        return tuple(sorted(each.name for each in at(folder).iterdir()))
    except (FileNotFoundError, NotADirectoryError):
        return ()


def matching(folder: Path, pattern: str) -> t.Tuple[str, ...]:
    """The paths below a folder that match *pattern* as Path.glob() has it, sorted; none in what cannot be read."""
    place = at(folder)
    return tuple(sorted(f"{folder}/{each.relative_to(place)}" for each in place.glob(pattern)))


def text(path: Path) -> t.Optional[str]:
    """What is in a small file of the system's, such as one of the kernel's, None if it cannot be read.

    Bytes that are no UTF-8 are replaced.
    """
    try:
        return at(path).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return None


def head(path: Path, size: int) -> bytes:
    """The first *size* bytes of a file. Raises OSError."""
    with at(path).open("rb") as file:
        return file.read(size)


def program(name: str) -> t.Optional[str]:
    """Where the program *name* is, as a process that is started here finds it; None if it is nowhere."""
    return shutil.which(name, path=here().programs)


def may_run(path: Path) -> bool:
    """Whether the file is there and a program."""
    return os.access(at(path), os.X_OK)


def file_system(path: Path) -> os.statvfs_result:
    """statvfs(3) of the file system below *path*. Raises OSError."""
    return os.statvfs(at(path))


def processes() -> t.Tuple[str, ...]:
    """The folders of /proc of the processes that run."""
    return tuple(f"/proc/{name}" for name in names("/proc") if name.isdigit())


def lives(pid: int) -> bool:
    """Whether a process with this id runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
