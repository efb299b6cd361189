# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The buildx plugin of ours goes, units are off again; packages stay, as others may need them by now, and are told."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import boot, messages, plugin
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import (
    LeavePlugin,
    PluginState,
    plugin_step,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.record import (
    RECORD,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Effects,
    Kind,
    Plan,
    Resource,
    noted,
)


@dataclass(frozen=True)
class DisableDocker:
    """The step that has docker not started at boot, as before us."""


@dataclass
class RetiredEngine(Resource[PluginState]):
    """What came with `builder_engine` and `builder_buildx_plugin`."""

    concern: t.ClassVar[str] = "engine"

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
        return Plan(tuple(actions), noted(Kind.LEFT_ALONE, [note] if packages else []))

    def apply(self, actions: t.Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action.step, DisableDocker):
                boot.disable()
            elif isinstance(action.step, LeavePlugin):
                plugin.leave()
            else:
                plugin.forget()
