# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The required changes for dockerd, its client and the buildx plugin. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import messages
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
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Arrival,
    Effect,
    Effects,
    Kind,
    Plan,
)

_STARTS: Effects = frozenset({Effect.DAEMON_RESTARTS})


def planned(state: EngineState, plugin: t.Optional[Plugin], *, builders: bool, distro: bool) -> Plan:
    """The required changes. Raises HostError as require() does."""
    require(state, plugin, builders=builders)
    actions = []
    step = plugin_step(plugin, state.place)
    coming = arriving(state, step)
    if step is not None:
        causes: Effects = frozenset({Arrival(buildx=coming.buildx)})
        actions.append(Action(messages.of_plugin(step, state.place), step, causes))
    if state.offer is not None:
        causes = frozenset({coming}) | (_STARTS if coming.engine is not None else frozenset())
        install = InstallPackages(state.offer)
        actions.append(Action(messages.of_offer(state.offer), install, causes, messages.difference_of(state.offer)))
    if state.installed and state.engine is None:
        actions.append(Action(messages.of_start(way_back=state.way_back), StartDocker(), _STARTS))
    if state.left_out and distro:
        actions.append(Action(f"enable docker: {state.left_out}", EnableDocker()))
    notes = [state.left_out] if state.left_out and not distro else []
    return Plan(tuple(actions), Kind.LEFT_ALONE.notes(notes), {"docker": state.engine, "buildx": state.buildx})


def require(state: EngineState, plugin: t.Optional[Plugin], *, builders: bool) -> None:
    """Raise HostError, with every reason, if the desired state is impossible on this host."""
    if state.offer is not None and (state.offer.unknown or state.offer.refusal):
        raise HostError(*not_offered(state.offer))
    found = refusals(state, plugin_step(plugin, state.place), builders=builders)
    if found:
        raise HostError("; ".join(found))
