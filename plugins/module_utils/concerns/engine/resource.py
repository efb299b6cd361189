# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker and buildx are installed, in supported versions: found, or installed on request."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import (
    boot,
    others,
    packages,
    plugin,
    repository,
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
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.package_names import (
    DISTRIBUTION,
    DOCKERS,
    OF,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.plan import (
    PRESENT,
    ForgetFile,
    SettleUpgrade,
    Wish,
    planned,
    require,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.repository import (
    Repository,
    Sources,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.upgrade_plan import UpgradeEngine
from ansible_collections.multiarch.builders.plugins.module_utils.docker import service
from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_plugin import NAME, find
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import look, units
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import (
    Disruption,
    Params,
    disruption_of,
    proxy_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Doers,
    Effects,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state import data_moves, rollback
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import (
    forget_owned,
    remove_owned,
    write_owned,
)

_NO_PROXY = Proxy()
_WAIT = Disruption("wait", 900)


@dataclass
class Engine(Concern[EngineState]):
    """dockerd, its client and the buildx plugin; *builders* says if any need them.

    *source* is builder_engine, with its *repository*; *version* is builder_engine_version, "" for any. *options* are
    those of daemon.json.
    """

    builders: bool
    docker: Docker
    source: str = PRESENT
    plugin: t.Optional[Plugin] = None
    proxy: Proxy = _NO_PROXY
    repository: t.Optional[Repository] = None
    version: str = ""
    may_go_down: bool = False
    disruption: Disruption = _WAIT
    options: t.Mapping[str, t.Any] = field(default_factory=dict)
    concern: t.ClassVar[str] = "engine"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> Engine:
        given = {name: value for name, value in (params["buildx_plugin"] or {}).items() if value is not None}
        return cls(
            builders="buildx" in params["concerns"] and bool(params["instances"]),
            docker=docker,
            source=params["engine"],
            plugin=Plugin(**given) if given else None,
            proxy=proxy_of(params),
            repository=_repository_of(params),
            version=params["engine_version"] or "",
            may_go_down=params["allow_engine_downgrade"],
            disruption=disruption_of(params),
            options=params["daemon_options"],
        )

    @property
    def wish(self) -> Wish:
        """The desired state, as the plan takes it."""
        return Wish(self.builders, self.plugin, self.source, self.disruption.mode, self.may_go_down)

    def observe(self) -> EngineState:
        found = replace(self._here(), repository=repository.observe(self.repository))
        if self.source == PRESENT:
            return found
        lacking = self._lacking(found)
        if self.source == "docker":
            found = replace(found, elsewhere=self._elsewhere(found), others=packages.excluding() if lacking else ())
        if found.podman or found.elsewhere or found.others or (found.snap and not found.installed):
            return found
        found = self._with_offer(found, lacking)
        if not self.version or not found.installed:
            return found
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import upgrade

        change = upgrade.Change(self.version, OF[self.source], self._sources(found))
        waits = self.disruption.mode == "wait"
        return replace(found, upgrade=upgrade.observe(change, self.docker, self.options, waits=waits))

    def _lacking(self, found: EngineState) -> t.Tuple[str, ...]:
        # A package does not replace a plugin that is broken: it is there, or hidden by one in another place.
        enough = bool(found.buildx or found.broken) or self.plugin is not None or not self.builders
        return packages.missing(OF[self.source], dockerd=found.installed, buildx=enough)

    def _sources(self, found: EngineState) -> Sources:
        return Sources(found.repository.write, self.repository.url if self.repository else "")

    def _with_offer(self, found: EngineState, lacking: t.Tuple[str, ...]) -> EngineState:
        if not lacking and not found.repository.write:
            return found
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import install

        offer = install.offer(lacking, OF[self.source], self.version, self._sources(found))
        return replace(found, offer=offer if offer.asked or offer.unusable else None)

    def _here(self) -> EngineState:
        installed = look.program("dockerd") is not None
        found = units.look() if installed else {}
        buildx = find()
        engine = self.docker.get("/info")["ServerVersion"] if self.docker.answers() else None
        record = RECORD.read()
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
            buildx_package=_buildx_package() if buildx and buildx.defect else DISTRIBUTION.buildx,
            way_back=installed and engine is None and rollback.is_open(),
            unsettled=installed and bool(record.upgrading),
        )

    def _elsewhere(self, found: EngineState) -> str:
        """Where an installed dockerd is from, if not from Docker's own package; "" if it is, or there is none."""
        if not found.installed or packages.has(DOCKERS.engine, "dockerd"):
            return ""
        path = look.program("dockerd") or ""
        there = [each for each in packages.excluding() if each in ("docker.io", "moby-engine")]
        return f"from the package {there[0]}" if there else f"{path}, from no package that is known here"

    def plan(self, state: EngineState, effects: Effects) -> Plan:  # noqa: ARG002  # it is the first
        return planned(state, self.wish)

    def apply(self, actions: t.Sequence[Action]) -> None:
        doers: Doers = {
            PlacePlugin: lambda step: plugin.place(step.plugin, self.proxy),
            LeavePlugin: lambda _step: plugin.leave(),
            ForgetPlugin: lambda _step: plugin.forget(),
            WriteFile: lambda step: write_owned(RECORD, step),
            RemoveFile: lambda step: remove_owned(RECORD, step),
            ForgetFile: lambda step: forget_owned(RECORD, step.path),
            InstallPackages: self._install,
            StartDocker: lambda _step: self._start(),
            UpgradeEngine: self._upgrade,
            SettleUpgrade: lambda _step: self._settle(),
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
        require(replace(self._here(), offer=offer), self.wish)

    def _upgrade(self, step: UpgradeEngine) -> None:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import upgrade

        upgrade.upgrade(step, self.disruption, self._require)
        self.docker = Docker()  # which has its own version of the API

    def _settle(self) -> None:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import upgrade

        upgrade.settle()

    def _start(self) -> None:
        why = service.start(self.docker)
        if why is not None and (rollback.is_open() or data_moves.is_open()):
            if rollback.is_open():
                rollback.take()
            data_moves.put_back()
            why = service.start(self.docker)
        if why is not None and RECORD.read().upgrading:
            from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import upgrade

            upgrade.go_back()
            what = "docker did not start after an interrupted upgrade, so its former packages are back, and it runs"
            raise HostError(what, why.cause, why.remedy, why.said)
        if why is not None:
            raise HostError("docker does not start", why.cause, why.remedy, why.said)


def _repository_of(params: Params) -> t.Optional[Repository]:
    given = {name: value for name, value in (params["engine_repository"] or {}).items() if value is not None}
    if params["engine"] != "docker" or not given.get("url"):
        return None
    return Repository(**{**given, "components": tuple(given.get("components") or ())})


def _buildx_package() -> str:
    return DOCKERS.buildx if packages.has(DOCKERS.buildx, NAME) else DISTRIBUTION.buildx
