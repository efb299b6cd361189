# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The buildx plugin of ours goes; packages stay, as others may have come to need them, and are told."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils import record
from ansible_collections.multiarch.builders.plugins.module_utils.engine import plugin, words
from ansible_collections.multiarch.builders.plugins.module_utils.engine.decide import (
    LeavePlugin,
    PluginState,
    plugin_step,
)
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Action, Effects, Plan, Resource


@dataclass
class RetiredEngine(Resource[PluginState]):
    """What came with `builder_engine` and `builder_buildx_plugin`."""

    concern: t.ClassVar[str] = "engine"

    def observe(self) -> PluginState:
        return plugin.observe(asked=False)

    def plan(self, state: PluginState, effects: Effects) -> Plan:  # noqa: ARG002  # nothing depends on others
        step = plugin_step(None, state)
        actions = (Action(words.of_plugin(step, state).partition(": builder_")[0], step),) if step is not None else ()
        packages = record.load(self.concern).get("packages", {})
        note = f"packages that came with us stay: `apt-get remove {' '.join(sorted(packages))}` removes them"
        return Plan(actions, (note,) if packages else ())

    def apply(self, actions: t.Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action.step, LeavePlugin):
                plugin.leave()
            else:
                plugin.forget()
