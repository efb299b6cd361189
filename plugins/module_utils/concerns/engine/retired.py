# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The buildx plugin of ours goes, units are off again; packages stay, as others may need them by now, and are told."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import boot, messages, plugin
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import (
    ForgetPlugin,
    LeavePlugin,
    PluginState,
    plugin_step,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Doers,
    Effects,
    Kind,
    Plan,
    perform,
)


@dataclass(frozen=True)
class DisableDocker:
    """The step that has docker not started at boot, as before us."""


@dataclass
class RetiredEngine(Concern[PluginState]):
    """What came with `builder_engine` and `builder_buildx_plugin`."""

    concern: t.ClassVar[str] = "engine"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> RetiredEngine:  # noqa: ARG003  # all is in the record
        return cls()

    def observe(self) -> PluginState:
        return plugin.observe(asked=False)

    def plan(self, state: PluginState, effects: Effects) -> Plan:  # noqa: ARG002  # nothing depends on others
        step = plugin_step(None, state)
        actions = [Action(messages.of_plugin(step, state, why=""), step)] if step is not None else []
        units = boot.enabled()
        if units:
            actions.append(Action(f"disable {', '.join(units)} at boot, as before us", DisableDocker()))
        packages = RECORD.read().packages
        note = f"packages that came with us stay: `apt-get remove {' '.join(sorted(packages))}` removes them"
        return Plan(tuple(actions), Kind.LEFT_ALONE.notes([note] if packages else []))

    def apply(self, actions: t.Sequence[Action]) -> None:
        doers: Doers = {
            DisableDocker: lambda _step: boot.disable(),
            LeavePlugin: lambda _step: plugin.leave(),
            ForgetPlugin: lambda _step: plugin.forget(),
        }
        perform(actions, doers)
