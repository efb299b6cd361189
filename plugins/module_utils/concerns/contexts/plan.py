# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the contexts. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.decide import (
    Asked,
    ContextsState,
    ForgetContext,
    Leaving,
    RemoveContext,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.record import OwnContext
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    ContextWrite,
    Difference,
    Effects,
    Kind,
    NodeDeparture,
    Note,
    Plan,
)


def planned(state: ContextsState, why: str, effects: Effects) -> Plan:
    """The plan; *why* says, at the end of a sentence, why a context is no longer required."""
    actions: t.List[Action] = []
    notes: t.List[Note] = []
    for asked in state.asked:
        if asked.differs and asked.there and not asked.ours and not asked.takeover:
            notes.append(_foreign(asked))
        elif asked.differs:
            actions.append(_write(asked))
            notes += _moves(asked)
    for leaving in state.leaving:
        kept = _why_kept(leaving, effects)
        if kept:
            notes.append(Note(Kind.WAITS, f"{_name(leaving.own)} is kept, {kept}"))
        else:
            actions.append(_leave(leaving, why))
    return Plan(tuple(actions), tuple(notes), _facts(state))


def _facts(state: ContextsState) -> t.Dict[str, t.Any]:
    """The contexts that are there, or are to be; empty if none is asked for or managed."""
    found = [_fact(each.step.own, each.host, managed=each.ours) for each in state.asked]
    found += [_fact(each.own, each.own.host if each.there else None, managed=True) for each in state.leaving]
    return {"contexts": found} if found else {}


def _fact(own: OwnContext, host: t.Optional[str], *, managed: bool) -> t.Dict[str, t.Any]:
    return {"user": own.user, "name": own.name, "host": host, "managed": managed}


def _name(own: OwnContext) -> str:
    return f"context {own.name} of {own.user}"


def _write(asked: Asked) -> Action:
    own = asked.step.own
    name, told = _name(own), "; ".join(_differences(asked))
    if not asked.there:
        again = ", which was removed" if asked.ours else ""
        summary = f"create {name}{again}: {own.host}"
    elif asked.ours:
        changed = ", which someone else changed" if asked.step.changed else ""
        summary = f"update {name}{changed}: {told}"
    else:
        summary = f"replace {name}, which is someone else's and is kept to be restored: {told}"
    difference = Difference(name, asked.before, asked.after) if asked.before != asked.after else None
    return Action(summary, asked.step, frozenset({ContextWrite(own.user, own.name)}), difference)


def _differences(asked: Asked) -> t.Iterator[str]:
    """What changes, never the content of a key."""
    step = asked.step
    if asked.host != step.own.host:
        yield f"host {asked.host or 'unreadable'} → {step.own.host}"
    elif any(file.path == step.meta for file in step.write):
        yield "meta.json"
    for file in step.write:
        if file.path != step.meta:
            yield file.path.rpartition("/")[2]
    for left in step.remove:
        yield f"no {left.path.rpartition('/')[2]}"
    if step.hollow:
        yield "no empty folder of certificates"


def _foreign(asked: Asked) -> Note:
    own = asked.step.own
    leads = f", leads to {asked.host}" if asked.host else ""
    return Note(
        Kind.LEFT_ALONE,
        f"{_name(own)} is someone else's{leads}, and is kept: remove it with `docker context rm {own.name}` as "
        f"{own.user}, use another name, or set `takeover: true` for it",
    )


def _moves(asked: Asked) -> t.Iterator[Note]:
    """A builder keeps the name of a context: what it has at the former host stays there."""
    own = asked.step.own
    if asked.uses and asked.host and asked.host != own.host:
        yield Note(
            Kind.LEFT_ALONE,
            f"{_name(own)} leads to {own.host} now, and what builder {', '.join(asked.uses)} has at {asked.host} stays "
            f"there: `docker --host {asked.host} ps --all` shows it",
        )


def _why_kept(leaving: Leaving, effects: Effects) -> str:
    """Why it cannot go yet, "" if it can."""
    own = leaving.own
    uses = [name for name in leaving.uses if NodeDeparture(own.user, name, own.name) not in effects]
    if leaving.stranger or leaving.changed or not leaving.there:
        return ""
    if uses:
        return f"as long as builder {', '.join(uses)} has a node there"
    if leaving.current and not leaving.restores:
        return (
            f"as it is the current context, without which each docker command of {own.user} fails: run "
            f"`docker context use default` as {own.user}, then run again"
        )
    return ""


def _leave(leaving: Leaving, why: str) -> Action:
    name, step = _name(leaving.own), ForgetContext(leaving.meta, leaving.paths)
    if leaving.stranger:
        return Action(f"forget {name}: its user does not exist on this host", step)
    if leaving.changed:
        return Action(f"forget {name}: it was changed by someone else, and is kept", step)
    removal = RemoveContext(leaving.own, leaving.meta, leaving.paths)
    if leaving.restores:
        return Action(f"restore {name} as it was before{why}", removal)
    if not leaving.there:
        return Action(f"drop {name} from the record: it was removed by someone else", removal)
    return Action(f"remove {name}{why}", removal)
