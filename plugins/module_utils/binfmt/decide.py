# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which handlers a host needs, and what each of them wants: keep, add, replace, leave alone, remove. Pure.

What is registered for good lies on the host and is named in a binfmt.d folder: so systemd-binfmt brings the handlers
back at every boot, without network and without Docker, and after each of its own restarts (systemd, binfmt.d(5)).
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.formats import ElfFormat, format_for
from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.platform import architecture_of, native_platforms

EMULATORS = "/usr/local/lib/multiarch-builders/emulators"
BINFMT_D = "/etc/binfmt.d"


@dataclass(frozen=True)
class BinfmtState:
    """The kernel's handlers, our files in /etc/binfmt.d and what we own by handler, and handlers that do not work.

    *lines* are what the source would register, by handler, as far as it is installed. *broken* says why.
    """

    machine: str
    handlers: t.Mapping[str, Handler]
    lines: t.Mapping[str, str]
    configuration: t.Mapping[str, str]
    owned: t.FrozenSet[str]
    broken: t.Mapping[str, str]


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


def needed(platforms: t.Iterable[str], machine: str) -> t.Tuple[ElfFormat, ...]:
    """The formats of *platforms* that a host of *machine* (as `uname -m`) cannot run itself, each once."""
    native = {architecture_of(each) for each in native_platforms(machine)}
    foreign = [each for each in platforms if architecture_of(each) not in native]
    return tuple(dict.fromkeys(format_for(each) for each in foreign))


def catching(fmt: ElfFormat, handlers: t.Mapping[str, Handler]) -> t.Optional[Handler]:
    """The handler of a format: the one of its usual name, else another that catches it."""
    others = [each for each in handlers.values() if each.serves(fmt)]
    return handlers.get(fmt.handler) or (others[-1] if others else None)


def is_ours(handler: Handler) -> bool:
    """Whether its emulator is one that we put there."""
    return handler.interpreter.startswith(EMULATORS + "/")


def finding(fmt: ElfFormat, state: BinfmtState, takeover: bool) -> Finding:
    """What the handler of one format wants; with *takeover* the source's own always wins."""
    handler = catching(fmt, state.handlers)
    if handler is None:
        return Finding(fmt, Verdict.ADD, None, "no handler")
    fault = _fault(handler, fmt, state)
    line = state.lines.get(fmt.handler)
    if line is not None and f":{handler.interpreter}:" in line:
        return Finding(fmt, Verdict.REPLACE if fault else Verdict.KEEP, handler, fault or "as asked")
    if is_ours(handler):
        return Finding(fmt, Verdict.REPLACE, handler, fault or "of a former source")
    if fault or takeover:
        return Finding(fmt, Verdict.REPLACE, handler, fault or "builder_binfmt_takeover")
    return Finding(fmt, Verdict.LEAVE, handler, "works")


def _fault(handler: Handler, fmt: ElfFormat, state: BinfmtState) -> str:
    if not handler.enabled:
        return "disabled"
    if not handler.serves(fmt):
        return "does not match the format"
    if not handler.fixed:
        return "without flag F, so of no use in containers"
    return state.broken.get(handler.name, "")


def unwanted(state: BinfmtState, formats: t.Iterable[ElfFormat]) -> t.Tuple[str, ...]:
    """Handlers that are ours and that no platform asks for any more."""
    return tuple(sorted(state.owned - {fmt.handler for fmt in formats}))
