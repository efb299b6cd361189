# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that stay on hosts: a zip of the code that each needs, which Python starts as it is.

Equal code gives equal bytes: no times, one order, nothing compressed, as versions of zlib differ.
"""

from __future__ import annotations

import functools
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_PLUGINS = Path(__file__).resolve().parents[2]
_PACKAGE = "ansible_collections.multiarch.builders.plugins"
GUARD, SERVE = "module_utils.guard.quick", "module_utils.serve.front"
"""The first module of each program, which imports all else."""
_IMPORT = re.compile(rf"^\s*from {re.escape(_PACKAGE)}\.(module_utils[\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
_NAME = re.compile(r"(\w+)(?: as \w+)?")
_EPOCH = (1980, 1, 1, 0, 0, 0)


@functools.cache
def content(first: str) -> bytes:
    """The program that starts with the module *first*."""
    files = _files(first)
    packages = {str(each) for path in files for each in PurePosixPath(path).parents if str(each) != "."}
    empty = {f"{each}/__init__.py": b"" for each in packages}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, text in sorted({**empty, **files, "__main__.py": files[_path(first)]}.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text)
    return written.getvalue()


@functools.cache
def digest(first: str) -> str:
    """Its SHA-256."""
    return hashlib.sha256(content(first)).hexdigest()


def _files(first: str) -> dict[str, bytes]:
    """The sources of all modules that *first* imports, directly or not, by their path in the zip."""
    found: dict[str, bytes] = {}
    waiting = [first]
    while waiting:
        module = waiting.pop()
        if _path(module) not in found:
            text = _source(module).read_bytes()
            found[_path(module)] = text
            waiting += imported(text.decode())
    return found


def imported(text: str) -> Iterator[str]:
    """The modules of module_utils that a source imports, anywhere in it; imports for types alone, too."""
    for package, names in _IMPORT.findall(text):
        if _source(package).exists():
            yield package
            continue
        yield from (f"{package}.{name}" for name in _NAME.findall(re.sub(r"#[^\n]*", "", names)))


def _source(module: str) -> Path:
    return _PLUGINS / f"{module.replace('.', '/')}.py"


def _path(module: str) -> str:
    return f"{_PACKAGE}.{module}".replace(".", "/") + ".py"
