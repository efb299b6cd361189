# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulators of an image that are on the host."""

from __future__ import annotations

import hashlib
import json
import pathlib
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.decide import EMULATORS
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import split_reference
from ansible_collections.multiarch.builders.plugins.module_utils.files import read

ABOUT = "image.json"


@dataclass(frozen=True)
class Emulators:
    """The emulators of one image on the host. *binaries* are the names that are there, *flags* those of the image."""

    folder: str
    binaries: t.FrozenSet[str]
    flags: str
    version: str


def folder_of(image: str) -> str:
    """Where the emulators of *image* lie: a folder of its own for each pinned image, so that both can be there."""
    _repository, tag = split_reference(image)
    key = tag.split(":")[1] if tag.startswith("sha256:") else hashlib.sha256(image.encode()).hexdigest()
    return f"{EMULATORS}/{key[:12]}"


def installed(image: str) -> t.Optional[Emulators]:
    """The emulators of *image* that are on this host, None if there are none yet."""
    return in_folder(folder_of(image))


def in_folder(folder: str) -> t.Optional[Emulators]:
    """The emulators in a folder of ours; None also for one that is damaged, which is then filled again."""
    about = read(f"{folder}/{ABOUT}")
    try:
        found = json.loads(about or "")
        flags, version = str(found["flags"]), str(found["version"])
    except (ValueError, KeyError, TypeError):
        return None
    return Emulators(folder, frozenset(path.name for path in pathlib.Path(folder).glob("qemu-*")), flags, version)
