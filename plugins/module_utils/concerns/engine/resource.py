# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker and buildx are installed, in supported versions: found, or installed on request."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import (
    boot,
    others,
    packages,
    plugin,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import Offer
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import (
    EnableDocker,
    EngineState,
    ForgetPlugin,
    InstallPackages,
    LeavePlugin,
    PlacePlugin,
    Plugin,
    StartDocker,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.plan import planned, require
from ansible_collections.multiarch.builders.plugins.module_utils.docker import service
from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_plugin import find
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import look, units
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params, proxy_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Doers,
    Effects,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state import rollback

_NO_PROXY = Proxy()


@dataclass
class Engine(Concern[EngineState]):
    """dockerd, its client and the buildx plugin; *distro* is leave to install them, *builders* if any need them."""

    builders: bool
    docker: Docker
    distro: bool = False
    plugin: t.Optional[Plugin] = None
    proxy: Proxy = _NO_PROXY
    concern: t.ClassVar[str] = "engine"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> Engine:
        given = {name: value for name, value in (params["buildx_plugin"] or {}).items() if value is not None}
        return cls(
            builders="buildx" in params["concerns"] and bool(params["instances"]),
            docker=docker,
            distro=params["engine"] == "distro",
            plugin=Plugin(**given) if given else None,
            proxy=proxy_of(params),
        )

    def observe(self) -> EngineState:
        found = self._here()
        # A package does not replace a plugin that is broken: it is there, or hidden by one in another place.
        enough = bool(found.buildx or found.broken) or self.plugin is not None or not self.builders
        lacking = packages.missing(dockerd=found.installed, buildx=enough) if self.distro else ()
        if not lacking or found.podman or (found.snap and not found.installed):
            return found
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import install

        return replace(found, offer=install.offer(lacking))

    def _here(self) -> EngineState:
        installed = look.program("dockerd") is not None
        found = units.look() if installed else {}
        buildx = find()
        engine = self.docker.get("/info")["ServerVersion"] if self.docker.answers() else None
        return EngineState(
            engine=engine,
            buildx=buildx.version if buildx else None,
            installed=installed,
            snap=others.snap(),
            podman=others.podman(),
            faults=boot.faults(found) if installed else (),
            left_out=boot.words(found) if installed and boot.is_left_out(found) else "",
            client=look.program("docker") is not None,
            place=plugin.observe(asked=self.plugin is not None),
            broken=f"{buildx.path}: {buildx.defect}" if buildx and buildx.defect else "",
            way_back=installed and engine is None and rollback.is_open(),
        )

    def plan(self, state: EngineState, effects: Effects) -> Plan:  # noqa: ARG002  # it is the first
        return planned(state, self.plugin, builders=self.builders, distro=self.distro)

    def apply(self, actions: t.Sequence[Action]) -> None:
        doers: Doers = {
            PlacePlugin: lambda step: plugin.place(step.plugin, self.proxy),
            LeavePlugin: lambda _step: plugin.leave(),
            ForgetPlugin: lambda _step: plugin.forget(),
            InstallPackages: self._install,
            StartDocker: lambda _step: self._start(),
            EnableDocker: lambda _step: boot.enable(),
        }
        perform(actions, doers)

    def _install(self, step: InstallPackages) -> None:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import install

        install.install(step.offer, self._require)
        units.forget()
        if not self.docker.answers():  # a policy of the host may keep packages from starting their services
            self._start()

    def _require(self, offer: Offer) -> None:
        require(replace(self._here(), offer=offer), self.plugin, builders=self.builders)

    def _start(self) -> None:
        why = service.start(self.docker)
        if why is not None and rollback.is_open():
            rollback.take()
            why = service.start(self.docker)
        if why is not None:
            raise HostError("docker does not start", why.cause, why.remedy, why.said)
