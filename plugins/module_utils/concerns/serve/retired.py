# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A builder is no longer served: units, program, files with keys, and the user are removed."""

from __future__ import annotations

import shutil
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve import units
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import (
    BUILDKIT,
    FOLDER,
    PROGRAM,
    RUN,
    SERVICE,
    STARTED,
    UNIT_PATHS,
    USER,
    unit_path,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import drain
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import must, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import remove
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import (
    Disruption,
    Params,
    disruption_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Effects,
    Kind,
    Note,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile

_PATHS = (*UNIT_PATHS, PROGRAM, FOLDER, RUN, BUILDKIT, RECORD.path)
_FOLDERS = (FOLDER, RUN)


@dataclass(frozen=True)
class RetiredState:
    """What is there, in the order in which it is removed; whether the *user* is ours; *connections* of clients."""

    paths: t.Tuple[str, ...] = ()
    user: bool = False
    connections: int = 0

    def __bool__(self) -> bool:
        return bool(self.paths)


@dataclass(frozen=True)
class RemoveServed:
    """The step that stops all units, and removes *paths*, and the *user*."""

    paths: t.Tuple[str, ...]
    user: bool


@dataclass
class RetiredServe(Concern[RetiredState]):
    """All of a served builder; *alone* if other concerns are not retired with it."""

    disruption: Disruption = field(default_factory=lambda: Disruption("wait", 900))
    alone: bool = True
    concern: t.ClassVar[str] = "serve"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> RetiredServe:  # noqa: ARG003  # it is found by its files
        return cls(disruption_of(params), alone=False)

    def observe(self) -> RetiredState:
        paths = tuple(filter(look.exists, _PATHS))
        if not paths:
            return RetiredState()
        runs = unit_path(SERVICE) in paths
        return RetiredState(paths, RECORD.read().user and is_user(USER), units.connections().count if runs else 0)

    def plan(self, state: RetiredState, effects: Effects) -> Plan:  # noqa: ARG002  # nothing depends on it
        if not state:
            return Plan()
        if state.connections and self.disruption.mode == "never":
            words = (
                f"pending, as builder_disruption is never and there are {units.Connections(state.connections)}: "
                f"{'the builder stays served' if self.alone else 'nothing is removed'}"
            )
            return Plan(notes=(Note(Kind.WAITS, words),), holds=not self.alone)
        user = f", and user {USER}" if state.user else ""
        words = f"stop {SERVICE}, and remove {', '.join(state.paths)}{user}"
        return Plan((Action(words, RemoveServed(state.paths, state.user)),))

    def apply(self, actions: t.Sequence[Action]) -> None:
        if actions:
            drain(units.connections, self.disruption, f"stopping {SERVICE}")
        perform(actions, {RemoveServed: _remove})


def _remove(step: RemoveServed) -> None:
    present = [name for name in reversed(STARTED) if unit_path(name) in step.paths]
    gone = [name for name in reversed(STARTED) if name not in present]
    if gone:
        run(["systemctl", "stop", *gone])  # one whose file someone removed may still run
    if present:
        must(["systemctl", "disable", "--now", *present], f"{SERVICE} cannot be stopped")
    for path in step.paths:
        if path in _FOLDERS:
            _remove_folder(path)
        elif path != RECORD.path:
            remove(RemoveFile(path))
    if any(path in step.paths for path in UNIT_PATHS):
        must(["systemctl", "daemon-reload"], "systemd cannot reload its units")
        run(["systemctl", "reset-failed", SERVICE])  # what is not loaded any more has not failed
    if step.user:
        must(["userdel", USER], f"user {USER} cannot be removed")
    remove(RemoveFile(RECORD.path))  # last, as it says whose the user is


def _remove_folder(path: str) -> None:
    try:
        shutil.rmtree(at(path))
    except FileNotFoundError:
        pass  # systemd's, which went with the service
    except OSError as exc:
        raise HostError(f"{path} cannot be removed: {exc}") from exc
