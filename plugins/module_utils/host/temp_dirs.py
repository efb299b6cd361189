# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary folders for files that other programs read; those of killed modules are removed by the next one."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.look import file_system, lives, names, own_rights
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

FOLDER = pathlib.Path("/var/tmp")
# Where programs may run, if not there: hardened hosts mount /var/tmp with noexec (CIS benchmarks).
FOR_PROGRAMS = tuple(map(pathlib.Path, ("/var/lib", "/usr/local/lib", "/run")))
_PREFIX = "multiarch-builders-"
_OURS = re.compile(rf"{_PREFIX}([0-9]+)\.[a-z0-9_]{{8}}")  # the process that created it, and mkdtemp()'s suffix


@contextlib.contextmanager
def scratch(*, programs: bool = False) -> t.Iterator[pathlib.Path]:
    """A new folder, accessible to root only, while the block runs; with *programs* it is on an executable file system.

    Raises HostError if none can be created, or it cannot be filled.
    """
    import tempfile

    place = at(_for_programs() if programs else FOLDER)
    try:
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}.", dir=place))
    except OSError as exc:
        raise HostError(f"{place} cannot hold a temporary folder: {exc}") from exc
    try:
        yield folder
    except OSError as exc:
        raise HostError(f"temporary files in {folder}: {exc}") from exc
    finally:
        _remove(folder)


def _for_programs() -> pathlib.Path:
    """The first place whose file system is neither mounted with noexec nor read-only."""
    places = (FOLDER, *FOR_PROGRAMS)
    for place in places:
        with contextlib.suppress(OSError):
            if not file_system(place).f_flag & (os.ST_NOEXEC | os.ST_RDONLY):
                return place
    names = ", ".join(map(str, places))
    raise HostError(f"programs cannot be tested on this host: {names} are all mounted with noexec or read-only")


def remove_leftovers() -> None:
    """Remove folders of killed processes, as they may hold keys. Links by such a name are not followed."""
    for path in leftovers():
        _remove(path)


def leftovers() -> t.Tuple[pathlib.Path, ...]:
    """Those whose process has ended."""
    found = [
        (path, _OURS.fullmatch(path.name))
        for folder in map(at, (FOLDER, *FOR_PROGRAMS))
        for path in map(folder.joinpath, names(folder))
    ]
    return tuple(path for path, ours in found if ours and not _is_in_use(path, int(ours.group(1))))


def _is_in_use(path: pathlib.Path, pid: int) -> bool:
    found = own_rights(path)
    return found is not None and lives(pid, found.st_mtime)


def _remove(folder: pathlib.Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
