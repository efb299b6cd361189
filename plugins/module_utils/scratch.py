# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders for what other programs read while a module runs; those of a killed one go with the next module."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError

FOLDER = pathlib.Path("/var/tmp")
_PREFIX = "multiarch-builders-"
_OURS = re.compile(rf"{_PREFIX}([0-9]+)\.[a-z0-9_]{{8}}")  # the process that made it, and what mkdtemp() adds


@contextlib.contextmanager
def scratch() -> t.Iterator[pathlib.Path]:
    """A new folder of root's alone, for as long as the block runs. Raises HostError if it cannot be filled."""
    import tempfile

    try:
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}.", dir=FOLDER))
    except OSError as exc:
        raise HostError(f"{FOLDER} takes no folder for files on the way: {exc}") from exc
    try:
        yield folder
    except OSError as exc:
        raise HostError(f"files on the way, in {folder}: {exc}") from exc
    finally:
        _remove(folder)


def remove_leftovers() -> None:
    """Remove the folders of processes that were killed: they may hold keys. Links of such a name lead nowhere."""
    with contextlib.suppress(OSError):  # no such folder, so nothing is left
        for path in leftovers():
            _remove(path)


def leftovers() -> t.Tuple[pathlib.Path, ...]:
    """Those whose process is gone."""
    found = ((path, _OURS.fullmatch(path.name)) for path in FOLDER.iterdir())
    return tuple(path for path, ours in found if ours and not pathlib.Path("/proc", ours.group(1)).exists())


def _remove(folder: pathlib.Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
