# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiled code of modules, kept on the host until it reboots.

Ansible sends modules as a zip of sources, which Python compiles in each process: half the time of a plan with nothing
to do (benchmarks/profile.py). zipimport writes no .pyc files, so what it compiles is kept here, by its digest.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import importlib.util
import marshal
import os
import pathlib
import stat
import sys
import types
import typing as t
import zipimport

FOLDER = "/run"
_NAME = "multiarch-builders.code-"
_MOST = 8 * 1024**2  # bytes; a larger file has code of many versions, and is replaced

Compile = t.Callable[[str, bytes], t.Any]
Table = t.Dict[bytes, types.CodeType]


def path() -> str:
    """The file of this Python: its bytecode is no other's."""
    tag = f"{sys.implementation.cache_tag}-{importlib.util.MAGIC_NUMBER.hex()}"
    return f"{FOLDER}/{_NAME}{tag}"


def keep() -> None:
    """Take the code of all later imports from the file, and keep new code there when the process ends.

    Without the file, all is compiled; users other than root can neither read nor write it.
    """
    compile_source: t.Optional[Compile] = getattr(zipimport, "_compile_source", None)
    if compile_source is None:
        return
    known = _read()

    def compiled(name: str, source: bytes) -> t.Any:
        digest = hashlib.sha256(source).digest()
        if digest not in known:
            known[digest] = compile_source(name, source)
        return known[digest]

    zipimport._compile_source = compiled  # type: ignore[attr-defined]
    atexit.register(_save, known, len(known))


def forget() -> None:
    """Remove the files of all Pythons, if possible, as a reboot does; this process keeps none."""
    atexit.unregister(_save)
    for each in pathlib.Path(FOLDER).glob(f"{_NAME}*"):
        with contextlib.suppress(OSError):
            each.unlink()


def _read() -> Table:
    """The code in the file; none if it is not private to this user, too large, or damaged."""
    try:
        with os.fdopen(os.open(path(), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
                return {}
            if found.st_size > _MOST:
                return {}
            digest, text = file.read(32), file.read()
            table = marshal.loads(text) if hashlib.sha256(text).digest() == digest else {}
            return t.cast(Table, table)
    except (OSError, ValueError, EOFError, TypeError):
        return {}


def _save(table: Table, before: int) -> None:
    if len(table) > before:
        _write(table)


def _write(table: Table) -> None:
    """Replace the file as a whole; where that fails, only time is lost."""
    text, beside = marshal.dumps(table), _beside()
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(hashlib.sha256(text).digest() + text)
        pathlib.Path(beside).replace(path())
    except OSError:  # such as that of a killed process
        with contextlib.suppress(OSError):
            pathlib.Path(beside).unlink()


def _beside() -> str:
    return f"{path()}.new"
