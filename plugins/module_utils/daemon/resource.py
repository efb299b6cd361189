# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dockerd runs with what is asked: daemon.json merged, a restart only where it must be, a way back on failure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils import pending, record
from ansible_collections.multiarch.builders.plugins.module_utils.daemon import service
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.decide import (
    DaemonState,
    changes,
    desired,
    implied,
    owned_after,
    restart_reasons,
    unusable_mirrors,
)
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.document import PATH, Document, parse, render
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.reload import shortfall
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.store import switches, wants_containerd_store
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.files import (
    RemoveFile,
    WriteFile,
    back_up,
    mode_of,
    read,
    remove,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.merge_patch import Path, compose
from ansible_collections.multiarch.builders.plugins.module_utils.resource import (
    Action,
    Difference,
    Effect,
    Effects,
    Plan,
    Resource,
)
from ansible_collections.multiarch.builders.plugins.module_utils.running_work import at_restart, drain
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Disruption, Registry


@dataclass(frozen=True)
class WriteConfiguration:
    """The step that replaces daemon.json. *former* and *formerly_owned* are what to go back to."""

    text: str
    former: t.Optional[str]
    owned: t.Tuple[Path, ...]
    formerly_owned: t.Tuple[Path, ...]


@dataclass(frozen=True)
class RestartDaemon:
    """The step that restarts dockerd once running work allows it."""

    document: Document


@dataclass(frozen=True)
class ReloadDaemon:
    """The step that has dockerd read daemon.json again, which disturbs nothing that runs."""

    document: Document


@dataclass
class Daemon(Resource[DaemonState]):
    """daemon.json and the dockerd that runs with it."""

    registries: t.Tuple[Registry, ...]
    options: t.Mapping[str, t.Any]
    disruption: Disruption
    allow_image_store_switch: bool
    docker: Docker
    concern: t.ClassVar[str] = "daemon"

    @property
    def patch(self) -> Document:
        """All that is asked of daemon.json; the user's options have the last word."""
        return compose(implied(self.registries), self.options)

    def observe(self) -> DaemonState:
        text = read(PATH)
        return DaemonState(
            text=text,
            document=parse(text),
            owned=tuple(tuple(path) for path in record.load(self.concern).get("owned", ())),
            info=self.docker.get("/info") if self.docker.answers() else None,
            unseen=pending.since_start(),
        )

    def plan(self, state: DaemonState, effects: Effects) -> Plan:
        after = desired(state, self.patch)
        actions: t.List[Action] = []
        notes = list(unusable_mirrors(self.registries))
        self._guard_store(state, after)
        if after != state.document:
            text = render(after, state.text)
            notes += service.validate(text)
            step = WriteConfiguration(text, state.text, owned_after(state, self.patch), state.owned)
            summary = f"write {PATH}: {'; '.join(changes(state.document, after))}"
            actions.append(Action(summary, step, difference=Difference(PATH, state.text or "", text)))
        reasons = restart_reasons(state, after, effects)
        if reasons and self.disruption.mode == "never":
            notes.append(f"docker needs a restart, which builder_disruption: never forbids: {'; '.join(reasons)}")
        elif reasons:
            actions.append(self._restart(state, after, reasons))
        elif after != state.document and state.info is not None:
            keys = "; ".join(changes(state.document, after))
            actions.append(Action(f"reload docker, nothing that runs is disturbed: {keys}", ReloadDaemon(after)))
        return Plan(tuple(actions), tuple(notes))

    def _restart(self, state: DaemonState, after: Document, reasons: t.Sequence[str]) -> Action:
        effects = {Effect.DAEMON_RESTARTS}
        summary = f"restart docker: {'; '.join(reasons)}"
        if state.info is not None and switches(after, state.info):
            effects.add(Effect.IMAGE_STORE_SWITCHES)
        work = at_restart(self.docker) if state.info is not None else None
        if work:
            summary += f" (running now: {work})"
        return Action(summary, RestartDaemon(after), frozenset(effects))

    def _guard_store(self, state: DaemonState, after: Document) -> None:
        """Refuse to make images and containers vanish without leave; they stay on disk, but are not shown."""
        if state.info is None or self.allow_image_store_switch or not switches(after, state.info):
            return
        images, containers = state.info.get("Images", 0), state.info.get("Containers", 0)
        on = wants_containerd_store(after)
        if images or containers:
            raise HostError(
                f"with features.containerd-snapshotter {'on' if on else 'off'}, {images} images and {containers} "
                f"containers of the image store {state.info.get('Driver')} would vanish (they stay on disk, switching "
                "back shows them again): set builder_allow_image_store_switch: true, or keep the store with "
                f"builder_daemon_options: {{features: {{containerd-snapshotter: {'null' if on else 'true'}}}}}"
            )

    def apply(self, actions: t.Sequence[Action]) -> None:
        if any(isinstance(action.step, RestartDaemon) for action in actions):
            drain(lambda: at_restart(self.docker), self.disruption, "a restart of docker")
        written: t.Optional[WriteConfiguration] = None
        for action in actions:
            if isinstance(action.step, WriteConfiguration):
                written = action.step
                self._write(written)
            elif isinstance(action.step, RestartDaemon):
                self._restart_or_roll_back(action.step.document, written)
            elif isinstance(action.step, ReloadDaemon):
                self._reload(action.step.document, written)

    def _write(self, step: WriteConfiguration) -> None:
        if read(PATH) != step.former:
            raise HostError(f"{PATH} was changed by somebody else just now, and was left as it is: run again")
        back_up(PATH)
        # Noted and owned before it is written: a crash in between is finished by the next run.
        pending.note(Effect.CONFIGURATION_CHANGES)
        record.save(self.concern, {"owned": sorted({*step.formerly_owned, *step.owned})})
        write(WriteFile(PATH, step.text, mode_of(PATH)))
        record.save(self.concern, {"owned": step.owned})

    def _reload(self, document: Document, written: t.Optional[WriteConfiguration]) -> None:
        """systemctl's status says nothing about a reload: `docker info` has to show it; else a restart, if allowed."""
        service.reload()
        words = service.until(lambda: shortfall(document, self.docker.get("/info")))
        if words is None:
            pending.forget(Effect.CONFIGURATION_CHANGES)
            return
        if self.disruption.mode == "never":
            raise HostError(
                f"a reload did not bring daemon.json to dockerd: {words}. It needs a restart, which "
                "builder_disruption: never forbids"
            )
        drain(lambda: at_restart(self.docker), self.disruption, "a restart of docker")
        self._restart_or_roll_back(document, written)

    def _restart_or_roll_back(self, document: Document, written: t.Optional[WriteConfiguration]) -> None:
        words = service.restart(self.docker)
        if words is None:
            words = service.until(lambda: shortfall(document, self.docker.get("/info")))
        if words is None:
            return
        if written is None:
            raise HostError(f"docker does not come up, daemon.json was not changed. dockerd said: {words}")
        self._put_back(written)
        again = service.restart(self.docker)
        outcome = "and docker runs again" if again is None else f"but docker does not start with it either: {again}"
        raise HostError(f"docker did not come up: the former {PATH} was put back {outcome}. dockerd said: {words}")

    def _put_back(self, written: WriteConfiguration) -> None:
        if written.former is None:
            remove(RemoveFile(PATH))
        else:
            write(WriteFile(PATH, written.former, mode_of(PATH)))
        record.save(self.concern, {"owned": written.formerly_owned})
        pending.forget(Effect.CONFIGURATION_CHANGES)
