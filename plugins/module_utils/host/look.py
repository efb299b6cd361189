# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read-only access to the host's file system, processes and clock.

Contents of files are for files.py, users are for users.py.

No other module accesses the file system, so all access can be redirected (place.py).
"""

from __future__ import annotations

import errno
import os
import pathlib
import shutil
import stat
import time
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host import watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at, here

_MARGIN = 60.0  # seconds by which a clock may have been set meanwhile
Path = t.Union[str, pathlib.PurePath]


def exists(path: Path) -> bool:
    """Whether something exists there; a dangling link does not count."""
    return _kind(path) is not None


def is_file(path: Path) -> bool:
    """Whether there is a regular file, or a link to one."""
    return _kind(path) == "file"


def is_folder(path: Path) -> bool:
    """Whether there is a folder, or a link to one."""
    return _kind(path) == "folder"


def _kind(path: Path) -> t.Optional[str]:
    """ "file", "folder" or "other"; None if nothing is there."""
    try:
        mode = at(path).stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        found = None
    except OSError as exc:
        if exc.errno != errno.ELOOP:
            watch.spoil(str(exc))
            raise
        found = None
    else:
        found = "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"
    watch.saw("kind", (str(path),), found)
    return found


def state(path: Path) -> t.Optional[os.stat_result]:
    """stat(2), with links followed; None if nothing is there, or it is not accessible."""
    try:
        found: t.Optional[os.stat_result] = at(path).stat()
    except (OSError, ValueError):
        found = None
    watch.saw("state", (str(path),), found)
    return found


def own_rights(path: Path) -> t.Optional[os.stat_result]:
    """lstat(2) for mode, owner and group, of a link its own; None if nothing is there, or it is not accessible."""
    try:
        found: t.Optional[os.stat_result] = at(path).lstat()
    except (OSError, ValueError):
        found = None
    watch.saw("rights", (str(path),), found)
    return found


def link(path: Path) -> t.Optional[str]:
    """The target of a link, None if it is not a link."""
    try:
        found: t.Optional[str] = str(at(path).readlink())
    except OSError:
        found = None
    watch.saw("link", (str(path),), found)
    return found


def real(path: Path) -> str:
    """The path without links and dots; it need not exist."""
    found, root = os.path.realpath(at(path)), os.path.realpath(here().root or "/").rstrip("/")
    found = (found[len(root) :] or "/") if root and f"{found}/".startswith(f"{root}/") else found
    watch.saw("real", (str(path),), found)
    return found


def names(folder: Path) -> t.Tuple[str, ...]:
    """The names in a folder, sorted; empty if there is no folder. Raises OSError if it cannot be read."""
    try:
        with watch.spoiled_by(PermissionError):
            found = tuple(sorted(each.name for each in at(folder).iterdir()))
    except (FileNotFoundError, NotADirectoryError):
        found = ()
    watch.saw("names", (str(folder),), found)
    return found


def matching(folder: Path, pattern: str) -> t.Tuple[str, ...]:
    """The paths below a folder that match *pattern* as in Path.glob(), sorted; empty if it cannot be read."""
    place = at(folder)
    found = tuple(sorted(f"{folder}/{each.relative_to(place)}" for each in place.glob(pattern)))
    watch.saw("matching", (str(folder), pattern), found)
    return found


def text(path: Path) -> t.Optional[str]:
    """The content of a small system file, such as one of the kernel's, None if it cannot be read.

    Invalid UTF-8 is replaced.
    """
    try:
        found: t.Optional[bytes] = at(path).read_bytes()
    except (OSError, ValueError):
        found = None
    watch.saw("content", (str(path),), found)
    return None if found is None else found.decode("utf-8", "replace")


def head(path: Path, size: int) -> bytes:
    """The first *size* bytes of a file. Raises OSError."""
    state(path)
    with watch.spoiled_by(OSError), at(path).open("rb") as file:
        return file.read(size)


def program(name: str) -> t.Optional[str]:
    """The path of the program *name* for processes started here; None if there is none."""
    found = shutil.which(name, path=here().programs)
    watch.saw("program", (name, here().programs), found)
    return found


def may_run(path: Path) -> bool:
    """Whether there is an executable file."""
    state(path)
    return os.access(at(path), os.X_OK)


def file_system(path: Path) -> os.statvfs_result:
    """statvfs(3) of the file system below *path*. Raises OSError."""
    watch.spoil(f"the free space at {path} was checked")
    return os.statvfs(at(path))


class Process(t.NamedTuple):
    """A process that runs: its name, and when it started, in clock ticks since boot."""

    name: str
    start: int


def process(pid: int) -> t.Optional[Process]:
    """The process with this id, None if there is none."""
    try:
        name, _end, fields = at(f"/proc/{pid}/stat").read_text("utf-8", "replace").partition("(")[2].rpartition(")")
        found: t.Optional[Process] = Process(name, int(fields.split()[19]))  # proc(5): field 22; two went with the name
    except (OSError, ValueError, IndexError):
        found = None
    watch.saw("process", (pid,), found)
    return found


def processes() -> t.Tuple[str, ...]:
    """The /proc folders of the running processes."""
    watch.spoil("all processes were listed")
    return tuple(f"/proc/{name}" for name in names("/proc") if name.isdigit())


def before(moment: float) -> bool:
    """Whether it is earlier than *moment*, in seconds since the epoch."""
    found = time.time() < moment
    watch.saw("before", (moment,), found)
    return found


def lives(pid: int, made: float) -> bool:
    """Whether the process with this id runs that made something at *made*, in seconds since the epoch.

    One that started later has the id of an earlier one: after a reboot that is likely.
    """
    watch.spoil(f"process {pid} was checked")
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    found = process(pid)
    if found is None:
        return True
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - found.start / os.sysconf("SC_CLK_TCK")
    return time.time() - made < age + _MARGIN
