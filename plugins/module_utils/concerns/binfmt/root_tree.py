# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root file system of an image, unpacked into a folder, with its programs marked for a handler of their own.

The layers are somebody else's tar archives, unpacked by root. So devices are left out, permissions to become another
user are dropped, and links are made last: nothing is ever written through one, so nothing leaves the folder.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import tarfile
import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

Layers = t.Callable[[], t.Iterator[tarfile.TarFile]]
"""Opens the layers of an image, the lowest first; called more than once."""

# e_ident[EI_PAD] of the ELF header: zero in every other program, as the normal handlers' masks require. Neither the
# kernel nor QEMU (linux-user/elfload.c) looks at it; glibc does, but in libraries only (elf/dl-load.c).
_PAD = slice(9, 16)
MARK = b"canary!"
_HEAD = 20  # bytes, up to e_machine
_LIBRARY = re.compile(r"\.so(\.[0-9.]+)?$")
# Of a layer in an image (opencontainers/image-spec, layer.md): what it removes from those below.
_GONE, _EMPTIED = ".wh.", ".wh..wh..opq"

# What is not taken: a host's own is mounted there. What has to be there.
_MOUNTED = ("dev", "proc", "sys")
_USUAL = (("dev", 0o755), ("proc", 0o755), ("tmp", 0o1777))

_Table = t.Dict[str, t.Tuple[int, tarfile.TarInfo]]


def marked(fmt: ElfFormat, handler: str) -> ElfFormat:
    """The format of marked programs of *fmt* alone, for a handler of that name. Pure."""
    return replace(fmt, handler=handler, magic=_marked(fmt.magic))


def mark(name: str, head: bytes, fmt: ElfFormat) -> bytes:
    """*head*, the first bytes of an executable file, with the mark if it is a program of *fmt*. Pure."""
    differs = [(ours ^ its) & counts for ours, its, counts in zip(fmt.magic, head, fmt.mask)]
    is_program = len(head) >= len(fmt.magic) and not any(differs) and not _LIBRARY.search(name)
    return _marked(head) if is_program else head


def _marked(head: bytes) -> bytes:
    return head[: _PAD.start] + MARK + head[_PAD.stop :]


def unpack(layers: Layers, root: pathlib.Path, fmt: ElfFormat) -> int:
    """Unpack into the empty folder *root*; how many programs of *fmt* were marked. Raises HostError."""
    try:
        table = _table(layers())
        _folders(root, table)
        programs = _files(root, layers, table, fmt)
        _links(root, table)
    except tarfile.TarError as exc:
        raise HostError(f"a layer cannot be unpacked (only gzip and none are known here): {exc}") from exc
    return programs


def _table(layers: t.Iterator[tarfile.TarFile]) -> _Table:
    """{path: (number of its layer, what is there)}; names that lead out of the image are left out."""
    found: _Table = {}
    for number, layer in enumerate(layers):
        for member in layer:
            path = _path(member.name)
            folder, _slash, name = path.rpartition("/")
            if name == _EMPTIED:
                _forget(found, folder, number, itself=False)
            elif name.startswith(_GONE):
                _forget(found, f"{folder}/{name[len(_GONE) :]}".lstrip("/"), number, itself=True)
            elif path and path.partition("/")[0] not in _MOUNTED:
                if not member.isdir() and path in found and found[path][1].isdir():
                    _forget(found, path, number, itself=True)
                found[path] = number, member
    return found


def _path(name: str) -> str:
    parts = [each for each in name.split("/") if each not in ("", ".")]
    return "" if ".." in parts else "/".join(parts)


def _forget(found: _Table, path: str, number: int, *, itself: bool) -> None:
    """Remove what lower layers than *number* have below *path*."""
    for each in [each for each, (layer, _member) in found.items() if layer < number]:
        if each.startswith(f"{path}/" if path else "") or (itself and each == path):
            del found[each]


def _folders(root: pathlib.Path, table: _Table) -> None:
    for path, (_number, member) in sorted(table.items()):
        if member.isdir():
            place = root / path
            place.mkdir(parents=True, exist_ok=True)
            place.chmod(member.mode & 0o1777)
    for name, mode in _USUAL:
        if name not in table:
            (root / name).mkdir()
            (root / name).chmod(mode)


def _files(root: pathlib.Path, layers: Layers, table: _Table, fmt: ElfFormat) -> int:
    """How many were marked."""
    programs = 0
    for number, layer in enumerate(layers()):
        for member in layer:
            path = _path(member.name)
            wanted = table.get(path)
            if wanted and member.isreg() and (wanted[0], wanted[1].offset) == (number, member.offset):
                programs += _write(root / path, layer, member, fmt)
    return programs


def _links(root: pathlib.Path, table: _Table) -> None:
    """Hard links first: then there is no other yet, and none is followed."""
    links = [(root / path, member) for path, (_number, member) in sorted(table.items())]
    for place, member in links:
        target = root / _path(member.linkname)
        if member.islnk() and target.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            os.link(target, place)
    for place, member in links:
        if member.issym():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(member.linkname)


def _write(place: pathlib.Path, layer: tarfile.TarFile, member: tarfile.TarInfo, fmt: ElfFormat) -> bool:
    """Write a regular file; whether it was marked."""
    content = layer.extractfile(member)
    if content is None:
        return False
    head = content.read(_HEAD)
    written = mark(place.name, head, fmt) if member.mode & 0o111 else head
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("xb") as file:
        file.write(written)
        shutil.copyfileobj(content, file)
    place.chmod(member.mode & 0o777)
    return written != head
