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
    missing,
    refusals,
    unwanted,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import REGISTRY
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.source import Source
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import RestoreRights, Rights
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
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


def planned(platforms: t.Iterable[str], source: Source, state: BinfmtState, *, takeover: bool) -> Plan:
    """The plan. Raises HostError for what needs manual repair."""
    found = findings(platforms, state, takeover)
    refused = refusals(found, state, ours=source.ours, takeover=takeover)
    if refused:
        raise HostError("; ".join(refused))
    absent = missing(found, state)
    actions = [] if state.on or not found else [_TURN_ON]
    actions += [source.installation(absent, state.release)] if absent else []
    actions += [_restore(state.loose)] if state.loose else []
    asked = [each for each in found if each.verdict is not Verdict.LEAVE]
    actions += filter(None, (_keep(each, state, ours=source.ours) for each in asked))
    actions += _drops(found, state, [each.fmt for each in asked] if source.ours else [])
    left = [(each, each.handler) for each in found if each.verdict is Verdict.LEAVE and each.handler]
    notes = Kind.LEFT_ALONE.notes(messages.note(each, handler, state.owners) for each, handler in left)
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
            yield Action(f"remove handler {name} (no longer required){words}", DropHandler(name))


def _restore(loose: t.Mapping[Rights, str]) -> Action:
    summary = f"restore owner and mode of the handlers' files: {'; '.join(loose.values())}"
    return Action(summary, RestoreRights(tuple(loose)))
