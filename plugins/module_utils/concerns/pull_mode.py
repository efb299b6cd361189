# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull mode is removed: first its timer and its run, which would restore everything, then the role's files."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import must, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import remove
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Effects, Plan, perform
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile

_TIMER, _SERVICE = "multiarch-builders-pull.timer", "multiarch-builders-pull.service"
# roles/builder_pull/tasks/main.yml
_SETTINGS = "/etc/multiarch-builders"
_UNITS = tuple(f"/etc/systemd/system/multiarch-builders-pull.{kind}" for kind in ("timer", "service"))
_FILES = (
    *_UNITS,
    "/usr/local/sbin/multiarch-builders-pull",
    *(
        f"{_SETTINGS}/{name}"
        for name in (
            "pull.json",
            "deploy-key",
            "known_hosts",
            "git-credentials",
            "vault-password",
            "allowed-signers",
        )
    ),
)


@dataclass(frozen=True)
class EndPullMode:
    """The step that removes *paths*, after the timer has stopped."""

    paths: t.Tuple[str, ...]


@dataclass
class RetiredPull(Concern[t.Tuple[str, ...]]):
    """The files of pull mode."""

    concern: t.ClassVar[str] = "pull"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> RetiredPull:  # noqa: ARG003  # it is found by its files
        return cls()

    def observe(self) -> t.Tuple[str, ...]:
        return tuple(filter(look.exists, _FILES))

    def plan(self, state: t.Tuple[str, ...], effects: Effects) -> Plan:  # noqa: ARG002  # it is the first
        if not state:
            return Plan()
        return Plan((Action(f"stop {_TIMER}, and remove {', '.join(state)}", EndPullMode(state)),))

    def apply(self, actions: t.Sequence[Action]) -> None:
        perform(actions, {EndPullMode: self._end})

    def _end(self, step: EndPullMode) -> None:
        if _UNITS[0] in step.paths:
            must(["systemctl", "disable", "--now", _TIMER], "pull mode cannot be stopped")
        else:
            run(["systemctl", "stop", _TIMER])  # one whose file someone removed may still run
        if not _is_own_run():  # which waits for our lock, and would then provision the host again
            stop = ["systemctl", "stop", _SERVICE]
            must(stop, "a run of pull mode cannot be stopped") if _UNITS[1] in step.paths else run(stop)
        for path in step.paths:
            remove(RemoveFile(path, folder=path.startswith(_SETTINGS)))
        if any(each in step.paths for each in _UNITS):
            must(["systemctl", "daemon-reload"], "systemd cannot reload its units")
        run(["systemctl", "reset-failed", _SERVICE])  # else a failed one is listed until the host reboots


def _is_own_run() -> bool:
    """Whether this process belongs to a run of pull mode, which must not end itself."""
    return f"/{_SERVICE}" in (look.text("/proc/self/cgroup") or "")
