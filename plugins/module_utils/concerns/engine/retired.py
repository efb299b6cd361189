# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our buildx plugin and repository are removed, units disabled again; packages are kept, as others may need them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import (
    boot,
    messages,
    plugin,
    repository,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import (
    ForgetPlugin,
    LeavePlugin,
    PluginState,
    plugin_step,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.plan import ForgetFile, removed
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.repository import RepositoryState
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
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import forget_owned, remove_owned


@dataclass(frozen=True)
class DisableDocker:
    """The step that disables docker at boot, as before us."""


@dataclass(frozen=True)
class RetiredState:
    """The *place* of the plugin, *units* that we enabled, and that still are, *packages* that we installed.

    *repository* are its files.
    """

    place: PluginState
    units: t.Tuple[str, ...] = ()
    packages: t.Tuple[str, ...] = ()
    repository: RepositoryState = field(default_factory=RepositoryState)


@dataclass
class RetiredEngine(Concern[RetiredState]):
    """What `builder_engine`, `builder_engine_repository` and `builder_buildx_plugin` installed."""

    concern: t.ClassVar[str] = "engine"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> RetiredEngine:  # noqa: ARG003  # all is in the record
        return cls()

    def observe(self) -> RetiredState:
        ours = _packages(RECORD.read().packages)
        files = repository.observe(None, keep_changed=True)
        return RetiredState(plugin.observe(asked=False), boot.enabled(), ours, files)

    def plan(self, state: RetiredState, effects: Effects) -> Plan:  # noqa: ARG002  # nothing depends on others
        step = plugin_step(None, state.place)
        actions = [Action(messages.of_plugin(step, state.place, why=""), step)] if step is not None else []
        if state.units:
            actions.append(Action(f"disable {', '.join(state.units)} at boot, as before us", DisableDocker()))
        actions += removed(state.repository)
        note = f"packages that came with us are kept: `apt-get remove {' '.join(state.packages)}` removes them"
        return Plan(tuple(actions), Kind.LEFT_ALONE.notes([note] if state.packages else []))

    def apply(self, actions: t.Sequence[Action]) -> None:
        doers: Doers = {
            DisableDocker: lambda _step: boot.disable(),
            LeavePlugin: lambda _step: plugin.leave(),
            ForgetPlugin: lambda _step: plugin.forget(),
            RemoveFile: lambda step: remove_owned(RECORD, step),
            ForgetFile: lambda step: forget_owned(RECORD, step.path),
        }
        perform(actions, doers)


def _packages(ours: t.Iterable[str]) -> t.Tuple[str, ...]:
    """Those that are still here: some may have failed to install, or somebody removed them since."""
    from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import apt

    return tuple(sorted(apt.installed(ours)))
