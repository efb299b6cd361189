# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The required changes for dockerd, its client and the buildx plugin. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import messages, upgrade_plan
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import (
    EnableDocker,
    EngineState,
    InstallPackages,
    Plugin,
    StartDocker,
    arriving,
    not_offered,
    plugin_step,
    refusals,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.repository import RepositoryState
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Arrival,
    Effect,
    Effects,
    Kind,
    Note,
    Plan,
)

_STARTS: Effects = frozenset({Effect.DAEMON_RESTARTS})
PRESENT = "present"


@dataclass(frozen=True)
class Wish:
    """The desired state: the buildx *plugin*, the *source* of packages (builder_engine), whether *builders* need it.

    *disruption* is builder_disruption, *may_go_down* allows an older version than the installed one.
    """

    builders: bool
    plugin: t.Optional[Plugin] = None
    source: str = PRESENT
    disruption: str = "wait"
    may_go_down: bool = False


@dataclass(frozen=True)
class SettleUpgrade:
    """The step that removes the former packages of an upgrade: docker works with the new ones."""


@dataclass(frozen=True)
class ForgetFile:
    """The step that drops a file from the record: someone else changed it."""

    path: str


def planned(state: EngineState, wish: Wish) -> Plan:
    """The required changes. Raises HostError as require() does."""
    require(state, wish)
    actions, notes = [], []
    step = plugin_step(wish.plugin, state.place)
    coming = arriving(state, step)
    if step is not None:
        causes: Effects = frozenset({Arrival(buildx=coming.buildx)})
        actions.append(Action(messages.of_plugin(step, state.place), step, causes))
    actions += written(state.repository)
    if state.offer is not None:
        causes = frozenset({coming}) | (_STARTS if coming.engine is not None else frozenset())
        install = InstallPackages(state.offer)
        actions.append(Action(messages.of_offer(state.offer), install, causes, messages.difference_of(state.offer)))
    if state.installed and state.engine is None:
        actions.append(Action(messages.of_start(way_back=state.way_back or state.unsettled), StartDocker(), _STARTS))
    if state.unsettled and state.upgrade is None:
        words = "remove the former packages that an interrupted upgrade kept, as docker runs without them"
        actions.append(Action(words, SettleUpgrade()))
    if state.upgrade is not None:
        now, told = _upgrade(state.upgrade, wish.disruption)
        actions += now
        notes += told
    if state.left_out and wish.source != PRESENT:
        actions.append(Action(f"enable docker: {state.left_out}", EnableDocker()))
    actions += removed(state.repository)
    notes += Kind.LEFT_ALONE.notes([state.left_out] if state.left_out and wish.source == PRESENT else [])
    return Plan(tuple(actions), tuple(notes), {"docker": state.engine, "buildx": state.buildx})


def _upgrade(upgrade: upgrade_plan.Upgrade, disruption: str) -> t.Tuple[t.List[Action], t.List[Note]]:
    if disruption == "never":
        return [], [*Kind.WAITS.notes([upgrade_plan.waits(upgrade)])]
    return [upgrade_plan.action(upgrade)], [*Kind.LIMIT.notes(upgrade_plan.notes(upgrade))]


def written(state: RepositoryState) -> t.List[Action]:
    """The actions that write the repository's files."""
    return [
        Action(
            messages.of_source(each.path, state.before[each.path]),
            each,
            difference=messages.difference_of_source(each, state.before[each.path]),
        )
        for each in state.write
    ]


def removed(state: RepositoryState) -> t.List[Action]:
    """The actions for its files that are no longer wanted."""
    found = [Action(messages.of_source(each.path, verb="remove"), each) for each in state.remove]
    return found + [
        Action(f"drop {path} from the record: it was changed by someone else", ForgetFile(path))
        for path in state.forget
    ]


def require(state: EngineState, wish: Wish) -> None:
    """Raise HostError, with every reason, if the desired state is impossible on this host."""
    if not (state.elsewhere or state.others or state.podman):
        for offer in (state.offer, state.upgrade.offer if state.upgrade else None):
            if offer is not None and offer.is_incomplete:
                raise HostError(*not_offered(offer))
    found = list(refusals(state, plugin_step(wish.plugin, state.place), builders=wish.builders))
    if state.upgrade is not None:
        found += upgrade_plan.refusals(state.upgrade, may_go_down=wish.may_go_down)
    if found:
        raise HostError("; ".join(found))
