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
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat, format_for
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import (
    Handler,
    parse_registration,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import Former
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import Rights
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import architecture_of, native_platforms

EMULATORS = "/usr/local/lib/multiarch-builders/emulators"
BINFMT_D = "/etc/binfmt.d"
IN_PLACE_OF_OURS = "it replaced our handler"


@dataclass(frozen=True)
class BinfmtState:
    """The kernel's handlers, our files in /etc/binfmt.d and what we own by handler, and handlers that do not work.

    *lines* are what the source would register, by handler, as far as it is installed. *broken* says why. *damaged* says
    why an emulator of the source is not the one that was written, *faults* what of it only people can mend. *on* is the
    switch of all handlers, *boot* what keeps them from coming back at boot, *masked* how a handler's file switches it
    off, *loose* which files of ours have another owner or mode. *former* is what was there before ours, of which *lost*
    is no more on this host.

    Of findings() is the rest: the *versions* of emulators of ours, by path, and whose others are, *owners*: a package,
    "" for nobody's, None for what is no file of this host. *release* is /etc/os-release, where something is missing().
    """

    machine: str
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


def file_of(handler: str) -> str:
    """The handler's file, which systemd-binfmt reads at every boot."""
    return f"{BINFMT_D}/{handler}.conf"


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


def is_theirs(file: t.Optional[str]) -> bool:
    """Whether a handler's *file* in /etc/binfmt.d registers somebody else's emulator; None is no file."""
    found = [each for each in map(parse_registration, (file or "").splitlines()) if each is not None]
    return bool(found) and not any(map(is_ours, found))


def is_taken(name: str, state: BinfmtState) -> bool:
    """Whether a handler of somebody else's is there in place of ours, and until the next reboot alone.

    So a job leaves a host that resets handlers (docker/setup-qemu-action, `reset`). Who wants another for good writes
    it into the handler's file, or masks that.
    """
    return name in state.owned and name not in state.masked and not is_theirs(state.configuration.get(name))


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
        why = fault or state.damaged.get(fmt.handler) or "of a former source"
        return Finding(fmt, Verdict.REPLACE, handler, why)
    if fault or takeover:
        return Finding(fmt, Verdict.REPLACE, handler, fault or "builder_binfmt_takeover")
    if is_taken(fmt.handler, state):
        return Finding(fmt, Verdict.REPLACE, handler, IN_PLACE_OF_OURS)
    return Finding(fmt, Verdict.LEAVE, handler, "works")


def findings(platforms: t.Iterable[str], state: BinfmtState, takeover: bool) -> t.Tuple[Finding, ...]:
    """That of each format that *platforms* need."""
    return tuple(finding(fmt, state, takeover) for fmt in needed(platforms, state.machine))


def missing(found: t.Iterable[Finding], state: BinfmtState) -> t.Tuple[ElfFormat, ...]:
    """The formats whose emulators the source has to bring."""
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
    """Handlers that are ours and that no platform asks for any more."""
    return tuple(sorted(state.owned - {fmt.handler for fmt in formats}))


def refusals(found: t.Iterable[Finding], state: BinfmtState, *, ours: bool, takeover: bool) -> t.Tuple[str, ...]:
    """Why handlers of *found* would not last, or not work, whatever is done here; each with the way out.

    *ours* says whether files of ours make them last.
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
    """How the file *path* of binfmt.d switches its handler off, in words; None if it does not.

    *leads_to* is its real path. binfmt.d(5): a link to /dev/null, or an empty file. An empty one of ours is damaged.
    """
    if is_mask(leads_to):
        return f"{path} is a link to /dev/null"
    if owned or any(parse_registration(line) for line in text.splitlines()):
        return None
    return f"{path} registers nothing"


def is_mask(leads_to: str) -> bool:
    """Whether this real path is that of a link which switches a handler off."""
    return leads_to == "/dev/null"


def mask_fault(fmt: ElfFormat, words: str, *, ours: bool) -> str:
    """What is told of a handler that is switched off by its file."""
    way_out = "set builder_binfmt_takeover: true to replace that" if ours else "remove that"
    return (
        f"handler {fmt.handler} is masked: {words}, which is how administrators disable one: {way_out}, or remove "
        f"linux/{fmt.architecture} from builder_platforms"
    )
