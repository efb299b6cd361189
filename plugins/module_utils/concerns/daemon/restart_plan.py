# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A restart of dockerd, planned: what it ends, what is out of sight after it, and whether that is allowed."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import (
    DaemonState,
    effects_on_containers,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hiding import (
    CONTAINERS,
    Hiding,
    hidings,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import Left
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.vanishing import (
    needs_leave,
    vanishing,
    way_out,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import Document
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Effect


@dataclass(frozen=True)
class RestartDaemon:
    """The step that restarts dockerd once running work allows it, and *folders* have room.

    *hides* says that the next dockerd sees no container of this one, *left* what stays where it is no longer shown.
    """

    document: Document
    hides: bool = False
    folders: t.Tuple[str, ...] = ()
    left: t.Tuple[Left, ...] = ()


def hidden_by(state: DaemonState, after: Document) -> t.Tuple[Hiding, ...]:
    """What a dockerd started with *after* would not show any more; nothing if none runs, which shows nothing."""
    return hidings(state.running, after) if state.running is not None else ()


def without_leave(docker: Docker, state: DaemonState, after: Document, leave: t.Collection[str]) -> t.Tuple[str, ...]:
    """Why *after* is refused, for what it hides and what no variable of *leave* allows to."""
    refused = [each for each in hidden_by(state, after) if each.leave not in leave]
    found = [(each, vanishing(docker, state.info or {}, each)) for each in refused]
    return tuple(needs_leave(each, hidden) for each, hidden in found if hidden)


def restart(
    docker: Docker, disruption: Disruption, state: DaemonState, after: Document, reasons: t.Sequence[str]
) -> Action:
    """The action, with all that it ends and hides in words."""
    from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.restart import BringUp

    summary, left = f"restart docker: {'; '.join(reasons)}", []
    found = hidden_by(state, after)
    hides = any(CONTAINERS in each.kinds for each in found)
    for each in found:
        hidden = vanishing(docker, state.info or {}, each)
        summary += f" (vanishing: {way_out(each, hidden)})" if hidden else ""
        if hidden and each.moves_root and state.running is not None:
            left.append(Left(state.running.root, hidden.things, each.keep))
    work = BringUp(docker, disruption).work(after, hides=hides) if state.info is not None else None
    if work:
        summary += f" (running now: {work})"
    effects = {Effect.DAEMON_RESTARTS, *effects_on_containers(state.document, after)}
    effects |= {Effect.CONTAINERS_VANISH} if hides else set()
    step = RestartDaemon(after, hides, tuple(each.place for each in found if each.place), tuple(left))
    return Action(summary, step, frozenset(effects))
