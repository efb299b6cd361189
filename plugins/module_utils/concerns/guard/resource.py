# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of a host: a timer that starts one program, which looks after the builders between two runs."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.installed import (
    PROGRAM,
    PYTHON,
    SERVICE,
    TIMER,
    units,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.plan import (
    GuardState,
    InstallProgram,
    KeepSettings,
    StartTimer,
    planned,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import (
    DONE,
    RECORD,
    Certificate,
    Settings,
    Sweep,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.retired import RemoveGuard, RetiredGuard
from ansible_collections.multiarch.builders.plugins.module_utils.docker import buildx_stores
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import of_dockerd
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import files, look, own_program
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import must, run
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Doers,
    Effects,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile

State = t.Union[GuardState, t.Tuple[str, ...]]


@dataclass
class Guard(Concern[State]):
    """The guard with *settings* and the *program* of this SHA-256, uploaded to *source*; None for no guard."""

    settings: t.Optional[Settings] = None
    program: str = ""
    source: t.Optional[str] = None
    docker: t.Optional[Docker] = None
    concern: t.ClassVar[str] = "guard"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> Guard:
        if not params["guard"]:
            return cls()
        given = params["guard_options"]
        certificates = tuple(Certificate(**row) for row in given.get("certificates") or ())
        settings = Settings(
            given.get("metrics") or "",
            given["heals_per_hour"],
            certificates,
            sweep=_sweep(given.get("sweep")),
            nodes=tuple(given.get("nodes") or ()),
        )
        return cls(settings, given["program"], given.get("src"), docker)

    def observe(self) -> State:
        if self.settings is None:
            return RetiredGuard().observe()
        wanted = units("")
        patterns = self.settings.sweep.patterns if self.settings.sweep else ()
        texts = {path: files.read(path) for path in wanted}
        return GuardState(
            program=own_program.digest(PROGRAM),
            units={path: text for path, text in texts.items() if text is not None},
            settings=RECORD.find(),
            runs=None not in texts.values() and _runs(),
            python=look.exists(PYTHON),
            folder=look.is_folder(self.settings.metrics.rpartition("/")[0]) if self.settings.metrics else True,
            disks=_disks(self.docker) if self.docker else {},
            stores=tuple(buildx_stores.found().folders.values()) if patterns else (),
            done=DONE.read(),
        )

    def plan(self, state: State, effects: Effects) -> Plan:
        if self.settings is None or not isinstance(state, GuardState):
            return RetiredGuard().plan(t.cast("t.Tuple[str, ...]", state), effects)
        return planned(self.program, self.settings, state)

    def apply(self, actions: t.Sequence[Action]) -> None:
        if any(isinstance(action.step, RemoveGuard) for action in actions):
            RetiredGuard().apply(actions)
            return
        doers: Doers = {
            InstallProgram: lambda _step: self._install(),
            KeepSettings: lambda step: _keep(step.settings),
            WriteFile: files.write,
            RemoveFile: files.remove,
            StartTimer: lambda _step: _start(),
        }
        perform(actions, doers)

    def _install(self) -> None:
        own_program.install(PROGRAM, self.source, self.program, "the guard's program")


def _sweep(given: t.Optional[t.Mapping[str, t.Any]]) -> t.Optional[Sweep]:
    """From the options in numbers, as the controller sends them; None for no sweep."""
    if given is None:
        return None
    free = str(given.get("free") or "0")
    share = int(free[:-1]) if free.endswith("%") else 0
    return Sweep(
        after=int(given["after"]),
        free=0 if share else int(free),
        share=share,
        patterns=tuple(given["patterns"]),
        keep=tuple(given["keep"]),
        images=given["images"],
        dry_run=given["dry_run"],
    )


def _disks(docker: Docker) -> t.Dict[str, str]:
    """The folders of docker and its containerd, as far as they are known: the guard itself may not look for them."""
    if not docker.answers():
        return {}
    info = docker.get("/info")
    containerd = of_dockerd(info, {})
    return {"docker": str(info.get("DockerRootDir", "")), **({"containerd": containerd.root} if containerd else {})}


def _runs() -> bool:
    """Whether the timer runs, and starts at each boot, and systemd has read both units since they were written.

    The state of the service is not asked for: it changes whenever the guard runs, which then saw a change by itself.
    """
    timer = _shown(TIMER, "ActiveState,UnitFileState,NeedDaemonReload")
    if not {"ActiveState=active", "UnitFileState=enabled"} <= timer:
        return False
    return "NeedDaemonReload=yes" not in timer | _shown(SERVICE, "NeedDaemonReload")


def _shown(unit: str, properties: str) -> t.Set[str]:
    return {*run(["systemctl", "show", f"--property={properties}", unit]).stdout.splitlines()}


def _keep(settings: Settings) -> None:
    """Record them; a guard that ran meanwhile has written its former file of metrics again."""
    former = RECORD.read().metrics
    RECORD.update(lambda _found: settings)
    if former and former != settings.metrics:
        files.remove(RemoveFile(former))


def _start() -> None:
    must(["systemctl", "daemon-reload"], "systemd cannot reload its units")
    must(["systemctl", "enable", TIMER], f"{TIMER} cannot be enabled at boot")
    must(["systemctl", "restart", TIMER], f"{TIMER} cannot be started")
