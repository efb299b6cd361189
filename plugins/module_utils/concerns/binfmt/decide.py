# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which handlers a host needs, and what is done with each: keep, add, replace, leave alone, remove. Pure.

Permanent handlers have their emulator on the host and a file in a binfmt.d directory: so systemd-binfmt restores them
at every boot, without network and without Docker, and after each of its own restarts (systemd, binfmt.d(5)).
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat, format_for
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import (
    Handler,
    parse_registration,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import Former
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import Rights
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import architecture_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor, emulated

EMULATORS = "/usr/local/lib/multiarch-builders/emulators"
BINFMT_D = "/etc/binfmt.d"
IN_PLACE_OF_OURS = "it replaced our handler"


@dataclass(frozen=True)
class BinfmtState:
    """The kernel's handlers, the files in /etc/binfmt.d by handler, the managed handlers, and those that do not work.

    *lines* are what the source would register, by handler, as far as it is installed. *broken* says why they fail,
    *damaged* why an emulator of the source is not the one that was written, *faults* what needs manual repair. *on* is
    the switch of all handlers, *boot* what prevents their restoration at boot, *masked* how a handler's file masks it,
    *loose* which managed files have the wrong owner or mode. *former* is what was registered before ours, *lost* those
    of it whose emulator is not on this host.

    The rest describes findings(): *versions* of managed emulators by path, *owners* of others: the package, "" if none,
    None if it is not a file of this host. *release* is /etc/os-release if something is missing().
    """

    processor: Processor
    handlers: t.Mapping[str, Handler]
    lines: t.Mapping[str, str]
    configuration: t.Mapping[str, str]
    owned: t.FrozenSet[str]
    broken: t.Mapping[str, str]
    damaged: t.Mapping[str, str] = field(default_factory=dict)
    faults: t.Mapping[str, str] = field(default_factory=dict)
    on: bool = True
    boot: t.Tuple[str, ...] = ()
    masked: t.Mapping[str, str] = field(default_factory=dict)
    loose: t.Mapping[Rights, str] = field(default_factory=dict)
    former: t.Mapping[str, Former] = field(default_factory=dict)
    lost: t.FrozenSet[str] = frozenset()
    owners: t.Mapping[str, t.Optional[str]] = field(default_factory=dict)
    versions: t.Mapping[str, str] = field(default_factory=dict)
    release: t.Mapping[str, str] = field(default_factory=dict)


class Verdict(enum.Enum):
    """What is done with a platform's handler."""

    KEEP = "keep"
    ADD = "add"
    REPLACE = "replace"
    LEAVE = "leave"


@dataclass(frozen=True)
class Finding:
    """The verdict on one ELF format; *handler* is the one that matches it now, *why* is for messages."""

    fmt: ElfFormat
    verdict: Verdict
    handler: t.Optional[Handler]
    why: str


def file_of(handler: str) -> str:
    """The path of the handler's file, which systemd-binfmt reads at every boot."""
    return f"{BINFMT_D}/{handler}.conf"


def needed(platforms: t.Iterable[str], processor: Processor) -> t.Tuple[ElfFormat, ...]:
    """The formats of *platforms* that this host cannot run itself, each once."""
    return tuple(dict.fromkeys(map(format_for, emulated(platforms, processor))))


def in_front(platform: str, processor: Processor, handlers: t.Mapping[str, Handler]) -> t.Optional[Handler]:
    """The handler that makes programs of *platform* emulated although the processor runs them itself."""
    if architecture_of(platform) not in processor.siblings:
        return None
    fmt = format_for(platform)
    return next((each for each in handlers.values() if each.enabled and each.serves(fmt)), None)


def catching(fmt: ElfFormat, handlers: t.Mapping[str, Handler]) -> t.Optional[Handler]:
    """The handler of a format: the one with its usual name, else another that matches."""
    others = [each for each in handlers.values() if each.serves(fmt)]
    return handlers.get(fmt.handler) or (others[-1] if others else None)


def is_ours(handler: Handler) -> bool:
    """Whether its emulator is a managed one."""
    return handler.interpreter.startswith(EMULATORS + "/")


def registers(line: t.Optional[str], handler: Handler) -> bool:
    """Whether the source's *line*, None if its emulator is not installed, names the emulator of *handler*."""
    return line is not None and f":{handler.interpreter}:" in line


def is_theirs(file: t.Optional[str]) -> bool:
    """Whether a handler's *file* in /etc/binfmt.d registers a foreign emulator; None if there is no file."""
    found = [each for each in map(parse_registration, (file or "").splitlines()) if each is not None]
    return bool(found) and not any(map(is_ours, found))


def is_taken(name: str, state: BinfmtState) -> bool:
    """Whether a foreign handler has replaced ours, but only until the next reboot.

    A job that resets handlers leaves a host like this (docker/setup-qemu-action, `reset`). To replace ours permanently,
    administrators change the handler's file, or mask it.
    """
    return name in state.owned and name not in state.masked and not is_theirs(state.configuration.get(name))


def finding(fmt: ElfFormat, state: BinfmtState, takeover: bool) -> Finding:
    """The finding for one format; with *takeover* the source's own handler always wins."""
    handler = catching(fmt, state.handlers)
    if handler is None:
        return Finding(fmt, Verdict.ADD, None, "no handler")
    fault = _fault(handler, fmt, state)
    if registers(state.lines.get(fmt.handler), handler):
        return Finding(fmt, Verdict.REPLACE if fault else Verdict.KEEP, handler, fault or "as asked")
    if is_ours(handler):
        why = fault or state.damaged.get(fmt.handler) or "of a former source"
        return Finding(fmt, Verdict.REPLACE, handler, why)
    if fault or takeover:
        return Finding(fmt, Verdict.REPLACE, handler, fault or "builder_binfmt_takeover")
    if is_taken(fmt.handler, state):
        return Finding(fmt, Verdict.REPLACE, handler, IN_PLACE_OF_OURS)
    return Finding(fmt, Verdict.LEAVE, handler, "works")


def findings(platforms: t.Iterable[str], state: BinfmtState, takeover: bool) -> t.Tuple[Finding, ...]:
    """The findings for all formats that *platforms* need."""
    return tuple(finding(fmt, state, takeover) for fmt in needed(platforms, state.processor))


def missing(found: t.Iterable[Finding], state: BinfmtState) -> t.Tuple[ElfFormat, ...]:
    """The formats whose emulators the source must install."""
    return tuple(
        each.fmt for each in found if each.verdict is not Verdict.LEAVE and each.fmt.handler not in state.lines
    )


def _fault(handler: Handler, fmt: ElfFormat, state: BinfmtState) -> str:
    if not handler.enabled:
        return "disabled"
    if not handler.serves(fmt):
        return "does not match the format"
    if not handler.fixed:
        return "without flag F, so it does not work in containers"
    return state.broken.get(handler.name, "")


def unwanted(state: BinfmtState, formats: t.Iterable[ElfFormat]) -> t.Tuple[str, ...]:
    """Managed handlers that no platform requires any more."""
    return tuple(sorted(state.owned - {fmt.handler for fmt in formats}))


def refusals(found: t.Iterable[Finding], state: BinfmtState, *, ours: bool, takeover: bool) -> t.Tuple[str, ...]:
    """Why handlers of *found* would be lost at reboot, or not work, whatever is done here; each with the remedy.

    *ours* says whether managed files make them permanent.
    """
    asked = [each.fmt for each in found if each.verdict is not Verdict.LEAVE]
    told = [
        mask_fault(fmt, state.masked[fmt.handler], ours=ours)
        for fmt in asked
        if fmt.handler in state.masked and not (ours and takeover)
    ]
    told += [state.faults[fmt.handler] for fmt in asked if fmt.handler in state.faults]
    return (*told, *state.boot) if asked else ()


def mask_of(path: str, leads_to: str, text: str, *, owned: bool) -> t.Optional[str]:
    """How the file *path* of binfmt.d masks its handler, as text; None if it does not.

    *leads_to* is its real path. binfmt.d(5): a link to /dev/null, or an empty file. An empty managed file is damaged.
    """
    if is_mask(leads_to):
        return f"{path} is a link to /dev/null"
    if owned or any(parse_registration(line) for line in text.splitlines()):
        return None
    return f"{path} registers nothing"


def is_mask(leads_to: str) -> bool:
    """Whether this real path belongs to a link that masks a handler."""
    return leads_to == "/dev/null"


def mask_fault(fmt: ElfFormat, words: str, *, ours: bool) -> str:
    """The message about a handler that is masked by its file."""
    way_out = "set builder_binfmt_takeover: true to replace that" if ours else "remove that"
    return (
        f"handler {fmt.handler} is masked: {words}, which is how administrators disable one: {way_out}, or remove "
        f"linux/{fmt.architecture} from builder_platforms"
    )
