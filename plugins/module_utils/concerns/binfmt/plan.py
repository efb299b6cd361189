# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the handlers. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import messages
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import (
    BinfmtState,
    Finding,
    Verdict,
    file_of,
    findings,
    in_front,
    is_ours,
    missing,
    refusals,
    unwanted,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS, ElfFormat
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import REGISTRY
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.source import Source
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import RestoreRights, Rights
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import impossible
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Kind, Plan


@dataclass(frozen=True)
class KeepHandler:
    """The step that registers a handler permanently; *register* is False if only its file differs."""

    fmt: ElfFormat
    register: bool


@dataclass(frozen=True)
class DropHandler:
    """The step that removes a managed handler; one that it replaced is registered again."""

    name: str


@dataclass(frozen=True)
class TurnOn:
    """The step that enables the host's handlers as a whole."""


_TURN_ON = Action(
    f"turn on {REGISTRY}/status, the switch of all handlers on this host, ours and others': it is off, so no "
    "program of another platform runs",
    TurnOn(),
)


def planned(
    platforms: t.Sequence[str],
    source: Source,
    state: BinfmtState,
    *,
    takeover: bool,
    elsewhere: t.Container[str] = (),
) -> Plan:
    """The plan; nodes on other machines may build those in *elsewhere*. Raises HostError for manual repairs."""
    found = findings(platforms, state, takeover)
    absent = missing(found, state)
    cannot = impossible([each for each in platforms if each not in elsewhere], state.processor)
    refused = [messages.refusal(platform, why) for platform, why in cannot.items()]
    refused += refusals(found, state, ours=source.ours, takeover=takeover)
    refused += source.lacks(absent, state.processor)
    if refused:
        raise HostError("; ".join(refused))
    actions = [] if state.on or not found else [_TURN_ON]
    actions += source.installations(absent, state.release) if absent else ()
    actions += [_restore(state.loose)] if state.loose else []
    asked = [each for each in found if each.verdict is not Verdict.LEAVE]
    actions += filter(None, (_keep(each, state, ours=source.ours) for each in asked))
    actions += _drops(found, state, [each.fmt for each in asked] if source.ours else [])
    left = [(each, each.handler) for each in found if each.verdict is Verdict.LEAVE and each.handler]
    notes = Kind.LEFT_ALONE.notes(messages.note(each, handler, state.owners) for each, handler in left)
    notes += Kind.LEFT_ALONE.notes(_in_front(platforms, state))
    notes += Kind.LIMIT.notes(state.boot)  # of foreign handlers, too
    return Plan(tuple(actions), notes, {"handlers": [messages.fact(each, state.versions) for each in found]})


def _keep(found: Finding, state: BinfmtState, *, ours: bool) -> t.Optional[Action]:
    fmt = found.fmt
    if found.verdict is Verdict.KEEP:
        lasting = state.configuration.get(fmt.handler) == state.lines[fmt.handler] and fmt.handler in state.owned
        if lasting or not ours:
            return None
        mask = f" in place of what masks it ({state.masked[fmt.handler]})" if fmt.handler in state.masked else ""
        summary = f"write {file_of(fmt.handler)}{mask}, so that {fmt.handler} is registered at boot"
        return Action(summary, KeepHandler(fmt, False))
    verb, there = "register" if found.verdict is Verdict.ADD else "replace", ""
    if found.handler:
        there = f" ({messages.owner(found.handler, state.owners)}{found.handler.interpreter}: {found.why})"
    return Action(f"{verb} handler {fmt.handler} for linux/{fmt.architecture}{there}", KeepHandler(fmt, True))


def _drops(found: t.Iterable[Finding], state: BinfmtState, kept: t.Iterable[ElfFormat]) -> t.Iterator[Action]:
    """Replaced ones are handled elsewhere; a foreign one that works in place of ours is kept."""
    spared = {each.fmt.handler for each in found if each.verdict is not Verdict.KEEP}
    for name in unwanted(state, kept):
        if name not in spared:
            words = messages.instead(state.former.get(name), lost=name in state.lost)
            native = any(FORMATS[each].handler == name for each in state.processor.siblings)
            why = "this host's processor runs its programs itself" if native else "no longer required"
            yield Action(f"remove handler {name} ({why}){words}", DropHandler(name))


def _in_front(platforms: t.Iterable[str], state: BinfmtState) -> t.Iterator[str]:
    """A note for each foreign handler that emulates what the processor runs itself."""
    for platform in platforms:
        handler = in_front(platform, state.processor, state.handlers)
        if handler is not None and not is_ours(handler):
            yield messages.slows(platform, handler, state.owners)


def _restore(loose: t.Mapping[Rights, str]) -> Action:
    summary = f"restore owner and mode of the handlers' files: {'; '.join(loose.values())}"
    return Action(summary, RestoreRights(tuple(loose)))
