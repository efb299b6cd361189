# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard is removed: first its timer, then all of its files."""

from __future__ import annotations

import shutil
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.installed import (
    PATHS,
    RUN,
    SERVICE,
    TIMER,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import DONE, RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import must, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import remove
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Effects, Plan, perform
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile


@dataclass(frozen=True)
class RemoveGuard:
    """The step that removes *paths*, after the timer has stopped."""

    paths: t.Tuple[str, ...]


@dataclass
class RetiredGuard(Concern[t.Tuple[str, ...]]):
    """The files of the guard, in the order in which they are removed."""

    concern: t.ClassVar[str] = "guard"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> RetiredGuard:  # noqa: ARG003  # it is found by its files
        return cls()

    def observe(self) -> t.Tuple[str, ...]:
        found = RECORD.read()  # last, as it names the file of metrics
        written = (found.metrics,) if found.metrics else ()
        return tuple(filter(look.exists, (*PATHS, *written, RUN, DONE.path, RECORD.path)))

    def plan(self, state: t.Tuple[str, ...], effects: Effects) -> Plan:  # noqa: ARG002  # nothing depends on it
        if not state:
            return Plan()
        return Plan((Action(f"stop {TIMER}, and remove {', '.join(state)}", RemoveGuard(state)),))

    def apply(self, actions: t.Sequence[Action]) -> None:
        perform(actions, {RemoveGuard: _remove})


def _remove(step: RemoveGuard) -> None:
    """A run of it that waits for this one is ended."""
    for path, stop in zip(PATHS, (["disable", "--now", TIMER], ["stop", SERVICE])):
        if path in step.paths:
            must(["systemctl", *stop], "the guard cannot be stopped")
        else:
            run(["systemctl", "stop", stop[-1]])  # one whose file someone removed may still run
    for path in step.paths:
        if path == RUN:
            _remove_folder(path)
        else:
            remove(RemoveFile(path))
    if any(path in step.paths for path in PATHS[:2]):
        must(["systemctl", "daemon-reload"], "systemd cannot reload its units")


def _remove_folder(path: str) -> None:
    try:
        shutil.rmtree(at(path))
    except OSError as exc:
        raise HostError(f"{path} cannot be removed: {exc}") from exc
