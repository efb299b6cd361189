# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker and buildx are there, in versions that serve."""

from __future__ import annotations

import shutil
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils import docker_service, way_back
from ansible_collections.multiarch.builders.plugins.module_utils.buildx_plugin import buildx_version
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.engine.decide import EngineState, Needs, refusals
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.resource import (
    Action,
    Effect,
    Effects,
    Plan,
    Resource,
)


@dataclass(frozen=True)
class StartDocker:
    """The step that starts an installed dockerd."""


@dataclass
class Engine(Resource[EngineState]):
    """dockerd and the buildx plugin."""

    needs: Needs
    docker: Docker
    concern: t.ClassVar[str] = "engine"

    def observe(self) -> EngineState:
        return EngineState(
            engine=self.docker.get("/version")["Version"] if self.docker.answers() else None,
            buildx=buildx_version(),
            installed=shutil.which("dockerd", path="/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin") is not None,
        )

    def plan(self, state: EngineState, effects: Effects) -> Plan:  # noqa: ARG002  # it is the first
        found = refusals(state, self.needs)
        if found:
            raise HostError("; ".join(found))
        facts = {"docker": state.engine, "buildx": state.buildx}
        if state.engine is not None:
            return Plan(facts=facts)
        summary = "start docker, which is installed but not running"
        if way_back.is_open():
            summary += "; if it does not start, with the daemon.json that an interrupted run replaced"
        return Plan((Action(summary, StartDocker(), _STARTS),), facts=facts)

    def apply(self, actions: t.Sequence[Action]) -> None:
        if not actions:
            return
        words = docker_service.start(self.docker)
        if words is not None and way_back.is_open():
            way_back.take()
            words = docker_service.start(self.docker)
        if words is not None:
            raise HostError(f"docker does not start: {words}")


_STARTS: Effects = frozenset({Effect.DAEMON_RESTARTS})
