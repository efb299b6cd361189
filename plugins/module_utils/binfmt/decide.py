# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which handlers a host needs, and what each of them wants: keep, add, replace, leave alone, remove. Pure.

Emulators lie on the host, and /etc/binfmt.d names them: so systemd-binfmt brings the handlers back at every boot,
without network and without Docker, and after each of its own restarts (systemd, binfmt.d(5)).
"""

from __future__ import annotations

import enum
import hashlib
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.formats import (
    ElfFormat,
    format_for,
    registration,
)
from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import split_reference
from ansible_collections.multiarch.builders.plugins.module_utils.platform import architecture_of, native_platforms

EMULATORS = "/usr/local/lib/multiarch-builders/emulators"
BINFMT_D = "/etc/binfmt.d"


@dataclass(frozen=True)
class Emulators:
    """The emulators of one image on the host. *binaries* are the names that are there, *flags* those of the image."""

    folder: str
    binaries: t.FrozenSet[str]
    flags: str


@dataclass(frozen=True)
class BinfmtState:
    """The kernel's handlers, the emulators of the wanted image, and our files in /etc/binfmt.d by handler."""

    machine: str
    handlers: t.Mapping[str, Handler]
    emulators: Emulators
    configuration: t.Mapping[str, str]
    owned: t.FrozenSet[str]


class Verdict(enum.Enum):
    """What a platform's handler wants."""

    KEEP = "keep"
    ADD = "add"
    REPLACE = "replace"
    LEAVE = "leave"


@dataclass(frozen=True)
class Finding:
    """The verdict on one ELF format; *handler* is the one that catches it now, *why* are words for people."""

    fmt: ElfFormat
    verdict: Verdict
    handler: t.Optional[Handler]
    why: str


def folder_of(image: str) -> str:
    """Where the emulators of *image* lie: a folder of its own for each pinned image, so that both can be there."""
    _repository, tag = split_reference(image)
    key = tag.split(":")[1] if tag.startswith("sha256:") else hashlib.sha256(image.encode()).hexdigest()
    return f"{EMULATORS}/{key[:12]}"


def needed(platforms: t.Iterable[str], machine: str) -> t.Tuple[ElfFormat, ...]:
    """The formats of *platforms* that a host of *machine* (as `uname -m`) cannot run itself, each once."""
    native = {architecture_of(each) for each in native_platforms(machine)}
    foreign = [each for each in platforms if architecture_of(each) not in native]
    return tuple(dict.fromkeys(format_for(each) for each in foreign))


def interpreter(emulators: Emulators, fmt: ElfFormat) -> str:
    """The emulator of a format."""
    return f"{emulators.folder}/{fmt.binary}"


def line(emulators: Emulators, fmt: ElfFormat) -> str:
    """The line that registers it, for the kernel and for /etc/binfmt.d."""
    return registration(fmt, interpreter(emulators, fmt), emulators.flags) + "\n"


def finding(fmt: ElfFormat, state: BinfmtState) -> Finding:
    """What the handler of one format wants."""
    catching = [each for each in state.handlers.values() if each.serves(fmt)]
    # the kernel asks the handler that was registered last first, and this name is ours to decide on
    handler = state.handlers.get(fmt.handler) or (catching[-1] if catching else None)
    if handler is None:
        return Finding(fmt, Verdict.ADD, None, "no handler")
    wanted = interpreter(state.emulators, fmt)
    works = handler.enabled and handler.fixed and handler.serves(fmt)
    if handler.interpreter == wanted and works:
        return Finding(fmt, Verdict.KEEP, handler, "ours")
    if handler.interpreter.startswith(EMULATORS + "/"):
        return Finding(fmt, Verdict.REPLACE, handler, "of another emulator image" if works else _fault(handler, fmt))
    if works:
        return Finding(fmt, Verdict.LEAVE, handler, "works")
    return Finding(fmt, Verdict.REPLACE, handler, _fault(handler, fmt))


def _fault(handler: Handler, fmt: ElfFormat) -> str:
    if not handler.enabled:
        return "disabled"
    if not handler.serves(fmt):
        return "does not match the format"
    return "without flag F: no use in containers"


def unwanted(state: BinfmtState, formats: t.Iterable[ElfFormat]) -> t.Tuple[str, ...]:
    """Handlers that are ours and that no platform asks for any more."""
    return tuple(sorted(state.owned - {fmt.handler for fmt in formats}))
