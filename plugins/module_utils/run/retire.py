# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host is retired: managed state is removed in reverse order, and what it replaced is restored.

All is known from the record on the host. The inventory's variables only matter for leftovers.
"""

from __future__ import annotations

import shutil
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.retired import RetiredBinfmt
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.retired import RetiredBuildx
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.retired import RetiredContexts
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.retired import RetiredDaemon
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.retired import RetiredEngine
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.retired import RetiredGuard
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.pull_mode import RetiredPull
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.retired import RetiredServe
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.resource import RetiredSsh
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.record import RECORD as TRUST
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.record import TrustRecord
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.retired import RetiredTrust
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import compiled, files, look
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Effect,
    Effects,
    Kind,
    Note,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.run.apply import apply_concerns, require_nothing_left
from ansible_collections.multiarch.builders.plugins.module_utils.run.lock import alone
from ansible_collections.multiarch.builders.plugins.module_utils.run.module import Module
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import require_root
from ansible_collections.multiarch.builders.plugins.module_utils.run.plan import Kinds, plan_concerns
from ansible_collections.multiarch.builders.plugins.module_utils.run.result import failed, plans_result
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_dir
from ansible_collections.multiarch.builders.plugins.module_utils.trace import recorder

NOTHING = Note(Kind.LEFT_ALONE, "nothing managed is on this host")


@dataclass(frozen=True)
class RemoveRecord:
    """The step that removes the record."""


@dataclass(frozen=True)
class TidyFolder:
    """The step that removes what was created for us in the ~/.docker of *user*."""

    user: str


@dataclass(frozen=True)
class RecordState:
    """The record's *folder*, "" if missing, and *users* whose ~/.docker has parts that were created for us."""

    folder: str
    users: t.Tuple[str, ...] = ()


@dataclass
class Record(Concern[RecordState]):
    """The folder of the record, and the users' ~/.docker; both are removed last, unless something managed remains."""

    concern: t.ClassVar[str] = "record"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> Record:  # noqa: ARG003  # always the last
        return cls()

    def observe(self) -> RecordState:
        return RecordState(files.HOME if look.is_folder(files.HOME) else "", config_dir.untidy())

    def plan(self, state: RecordState, effects: Effects) -> Plan:
        if Effect.REMAINS in effects or not state.folder:
            return Plan()
        tidy = [
            Action(
                f"remove from ~{user}/.docker what was created for the builders, unless it is in use", TidyFolder(user)
            )
            for user in state.users
        ]
        forget = Action(f"remove {state.folder}: the record of managed state, and backups", RemoveRecord())
        return Plan((*tidy, forget))

    def apply(self, actions: t.Sequence[Action]) -> None:
        perform(actions, {TidyFolder: lambda step: config_dir.tidy(step.user), RemoveRecord: _remove_record})


def _remove_record(_step: RemoveRecord) -> None:
    try:
        shutil.rmtree(at(files.HOME))
    except OSError as exc:
        raise HostError(f"{files.HOME} cannot be removed: {exc}") from exc


RETIRED: t.Tuple[t.Type[Concern[t.Any]], ...] = (
    RetiredPull,
    RetiredGuard,
    RetiredSsh,
    RetiredServe,
    RetiredBuildx,
    RetiredContexts,
    RetiredBinfmt,
    RetiredDaemon,
    RetiredTrust,
    RetiredEngine,
    Record,
)


def retiring(params: Params) -> Kinds:
    """Those of its concerns that can be retired."""
    if not look.is_folder(files.HOME):
        return [kind for kind in (RetiredPull, RetiredGuard, RetiredServe) if kind().observe()]
    if params["only"] == "leftovers":
        return [kind for kind in RETIRED if kind.concern == "buildx"]
    # a host without ca-certificates has nothing to refresh
    return [kind for kind in RETIRED if kind.concern != "trust" or TRUST.read() != TrustRecord()]


def retire(module: Module) -> None:
    """The whole of module retire: plan, apply, and check again."""
    require_root(module)
    params, changed = module.params, False
    plans: t.Dict[str, Plan] = {}
    try:
        with alone(module, "retire"):
            kinds = retiring(params)
            plans, failures = plan_concerns(kinds, params, Docker(planning=True))
            changed = any(plan.actions for plan in plans.values())
            if not module.check_mode:
                recorder.forget()
                compiled.forget()
            if changed and not failures and not module.check_mode:
                apply_concerns(kinds, params, {}, proven=False)
                require_nothing_left(retiring(params), params)
    except HostError as exc:
        failures = [exc]
    if failures:
        module.fail_json(**failed(*failures), **plans_result(plans))
    module.exit_json(changed=changed, **plans_result(plans or {"record": Plan(notes=(NOTHING,))}))
