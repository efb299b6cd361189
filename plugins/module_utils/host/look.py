# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read-only access to the host's file system. Contents of files are for files.py, users are for users.py.

No other module accesses the file system, so all access can be redirected (place.py).
"""

from __future__ import annotations

import os
import pathlib
import shutil
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at, here

Path = t.Union[str, pathlib.PurePath]


def exists(path: Path) -> bool:
    """Whether something exists there; a dangling link does not count."""
    return at(path).exists()


def is_file(path: Path) -> bool:
    """Whether there is a regular file, or a link to one."""
    return at(path).is_file()


def is_folder(path: Path) -> bool:
    """Whether there is a folder, or a link to one."""
    return at(path).is_dir()


def state(path: Path) -> t.Optional[os.stat_result]:
    """stat(2), with links followed; None if nothing is there, or it is not accessible."""
    try:
        return at(path).stat()
    except (OSError, ValueError):
        return None


def link(path: Path) -> t.Optional[str]:
    """The target of a link, None if it is not a link."""
    try:
        return str(at(path).readlink())
    except OSError:
        return None


def real(path: Path) -> str:
    """The path without links and dots; it need not exist."""
    found, root = os.path.realpath(at(path)), os.path.realpath(here().root or "/").rstrip("/")
    return (found[len(root) :] or "/") if root and f"{found}/".startswith(f"{root}/") else found


def names(folder: Path) -> t.Tuple[str, ...]:
    """The names in a folder, sorted; empty if there is no folder. Raises OSError if it cannot be read."""
    try:
        return tuple(sorted(each.name for each in at(folder).iterdir()))
    except (FileNotFoundError, NotADirectoryError):
        return ()


def matching(folder: Path, pattern: str) -> t.Tuple[str, ...]:
    """The paths below a folder that match *pattern* as in Path.glob(), sorted; empty if it cannot be read."""
    place = at(folder)
    return tuple(sorted(f"{folder}/{each.relative_to(place)}" for each in place.glob(pattern)))


def text(path: Path) -> t.Optional[str]:
    """The content of a small system file, such as one of the kernel's, None if it cannot be read.

    Invalid UTF-8 is replaced.
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
    """The path of the program *name* for processes started here; None if there is none."""
    return shutil.which(name, path=here().programs)


def may_run(path: Path) -> bool:
    """Whether there is an executable file."""
    return os.access(at(path), os.X_OK)


def file_system(path: Path) -> os.statvfs_result:
    """statvfs(3) of the file system below *path*. Raises OSError."""
    return os.statvfs(at(path))


def processes() -> t.Tuple[str, ...]:
    """The /proc folders of the running processes."""
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
