# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which new emulators are tried by which canary, and what is said of those that are not taken. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError, UnfinishedError

TIMEOUT = 120
"""Seconds, by default."""


@dataclass(frozen=True)
class Canary:
    """Programs of all platforms, of an *image* or an *archive* on the host; *command* is empty for ours."""

    image: t.Optional[str]
    archive: t.Optional[str]
    command: t.Tuple[str, ...]
    timeout: int = TIMEOUT

    @property
    def origin(self) -> str:
        """Where the programs are from."""
        return self.archive or self.image or ""

    @property
    def name(self) -> str:
        """How messages name it."""
        return f"`{' '.join(self.command)}` of {self.origin}" if self.command else f"the canary of {self.origin}"


def canary_of(given: t.Mapping[str, t.Any]) -> t.Optional[Canary]:
    """The canary of option binfmt_canary, None without one."""
    image, archive = given.get("image"), given.get("archive")
    if not image and not archive:
        return None
    return Canary(image, archive, tuple(given.get("command") or ()), given.get("timeout") or TIMEOUT)


@dataclass(frozen=True)
class Rejection:
    """An emulator that is not taken: the format, its image, and why."""

    fmt: ElfFormat
    image: str
    why: HostError


def is_rejected(fmt: ElfFormat, rejected: t.Iterable[Rejection]) -> bool:
    """Whether the emulator of the format is among those that are not taken."""
    return any(each.fmt == fmt for each in rejected)


def unfinished(rejected: t.Sequence[Rejection]) -> UnfinishedError:
    """What is said at the end of a run."""
    names = ", ".join(f"linux/{each.fmt.architecture} ({each.fmt.binary} of {each.image})" for each in rejected)
    remedies = [
        each.why.remedy
        or f"Take this emulator out of another image, builder_binfmt_images: {{linux/{each.fmt.architecture}: IMAGE}}; "
        "each run tries again"
        for each in rejected
    ]
    return UnfinishedError(
        f"new emulators failed and were not taken: {names}; their platforms run as before, all else is done",
        "; ".join(each.why.short for each in rejected),
        ". ".join(dict.fromkeys(remedies)),
        "\n".join(each.why.said for each in rejected if each.why.said),
    )
