# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A restart of dockerd, planned: what it ends, what is out of sight after it, and whether that is allowed."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import (
    DaemonState,
    Foreseen,
    effects_on_containers,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import Left
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.vanishing import needs_leave, way_out
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


def without_leave(found: Foreseen, leave: t.Collection[str]) -> t.Tuple[str, ...]:
    """Why a document is refused, for what it hides and what no variable of *leave* allows to."""
    return tuple(needs_leave(each, hidden) for each, hidden in found.hidden if hidden and each.leave not in leave)


def restart(state: DaemonState, after: Document, reasons: t.Sequence[str]) -> Action:
    """The action, with all that it ends and hides in words."""
    found, left = state.then(after), []
    summary = f"restart docker: {'; '.join(reasons)}"
    for each, hidden in found.hidden:
        summary += f" (vanishing: {way_out(each, hidden)})" if hidden else ""
        if hidden and each.moves_root and state.running is not None:
            left.append(Left(state.running.root, hidden.things, each.keep))
    summary += f" (running now: {found.work})" if found.work else ""
    effects = {Effect.DAEMON_RESTARTS, *effects_on_containers(state.document, after)}
    effects |= {Effect.CONTAINERS_VANISH} if found.hides_containers else set()
    folders = tuple(each.place for each, _hidden in found.hidden if each.place)
    return Action(summary, RestartDaemon(after, found.hides_containers, folders, tuple(left)), frozenset(effects))
