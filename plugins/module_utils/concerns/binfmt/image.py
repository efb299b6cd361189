# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulators of an image on the host."""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import EMULATORS
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import split_reference
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import (
    FileState,
    Rights,
    folder,
    program,
    public,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at

ABOUT = "image.json"


@dataclass(frozen=True)
class Written:
    """An emulator as it was written: its digest, and what is compared first, as that is cheap."""

    sha256: str
    size: int
    modified: int


@dataclass(frozen=True)
class Emulators:
    """The emulators of one image on the host. *binaries* are the names of the installed ones, *flags* the image's.

    *written* is known for those that this version of the collection or a later one installed.
    """

    folder: str
    binaries: t.FrozenSet[str]
    flags: str
    version: str
    written: t.Mapping[str, Written] = field(default_factory=dict)


def folder_of(image: str) -> str:
    """The directory for the emulators of *image*: one for each pinned image, so that two can coexist."""
    _repository, tag = split_reference(image)
    key = tag.split(":")[1] if tag.startswith("sha256:") else hashlib.sha256(image.encode()).hexdigest()
    return f"{EMULATORS}/{key[:12]}"


def installed(image: str) -> t.Optional[Emulators]:
    """The installed emulators of *image*, None if there are none yet."""
    return in_folder(folder_of(image))


def in_folder(path: str) -> t.Optional[Emulators]:
    """The emulators in a managed directory; None also for a damaged one, which is then filled again."""
    about = read(f"{path}/{ABOUT}")
    try:
        found = json.loads(about or "")
        flags, version = str(found["flags"]), str(found["version"])
        written = {name: Written(**noted) for name, noted in found.get("written", {}).items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    binaries = frozenset(each for each in look.names(path) if each.startswith("qemu-"))
    return Emulators(path, binaries, flags, version, written)


def damage(
    path: str, found: t.Optional[FileState], written: t.Optional[Written], digest: t.Callable[[], str]
) -> t.Optional[str]:
    """Why the emulator at *path*, whose state is *found*, is not the one that was written; None if it is.

    Its *digest*, which reads the file, is computed only if the file was or may have been written to since.
    """
    if found is None:
        return f"{path} is not there"
    if written is None or (found.size, found.modified) == (written.size, written.modified):
        return None
    if found.size == written.size and digest() == written.sha256:
        return None
    return f"{path} is not as it was written"


def digest_of(path: str) -> str:
    """SHA-256 of a file, in hexadecimal. Raises OSError."""
    found = hashlib.sha256()
    with at(path).open("rb") as file:
        for block in iter(lambda: file.read(1024**2), b""):
            found.update(block)
    return found.hexdigest()


def rights_of(emulator: str) -> t.Tuple[Rights, ...]:
    """The required rights of a managed emulator's files and directories: systemd starts it as root at every boot."""
    home = emulator.rpartition("/")[0]
    return (*map(folder, (EMULATORS.rpartition("/")[0], EMULATORS, home)), public(f"{home}/{ABOUT}"), program(emulator))
