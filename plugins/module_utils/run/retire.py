# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host is no builder any more: what is ours goes, in the opposite order, what was there before comes back.

All is known from the record on the host. The variables of the inventory are asked for leftovers only.
"""

from __future__ import annotations

import shutil
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.retired import RetiredBinfmt
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.retired import Asked, RetiredBuildx
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.retired import RetiredDaemon
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.retired import RetiredEngine
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.pull_mode import RetiredPull
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.record import RECORD as TRUST
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.record import TrustRecord
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.resource import Trust
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import files
from ansible_collections.multiarch.builders.plugins.module_utils.host.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params, disruption_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Action,
    Effect,
    Effects,
    Kind,
    Note,
    Plan,
    Resource,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_dir

ORDER = ("pull", "buildx", "binfmt", "daemon", "trust", "engine", "record")
NOTHING = Note(Kind.LEFT_ALONE, "nothing of ours is on this host")


@dataclass(frozen=True)
class RemoveRecord:
    """The step that forgets the host."""


@dataclass(frozen=True)
class TidyFolder:
    """The step that removes what came with us from the ~/.docker of *user*."""

    user: str


@dataclass
class Record(Resource[t.Tuple[str, ...]]):
    """The folder of the record, and the users' ~/.docker; both are the last to go, unless something of ours remains."""

    concern: t.ClassVar[str] = "record"

    def observe(self) -> t.Tuple[str, ...]:
        return config_dir.untidy()

    def plan(self, state: t.Tuple[str, ...], effects: Effects) -> Plan:
        if Effect.REMAINS in effects or not files.HOME.is_dir():
            return Plan()
        tidy = [
            Action(f"remove from ~{user}/.docker what came with us, unless it is in use", TidyFolder(user))
            for user in state
        ]
        return Plan((*tidy, Action(f"remove {files.HOME}: the record of what is ours, and backups", RemoveRecord())))

    def apply(self, actions: t.Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action.step, TidyFolder):
                config_dir.tidy(action.step.user)
            else:
                try:
                    shutil.rmtree(files.HOME)
                except OSError as exc:
                    raise HostError(f"{files.HOME} cannot be removed: {exc}") from exc


def plan_retirement(params: Params, docker: Docker) -> t.Tuple[t.Dict[str, Plan], t.List[HostError]]:
    """(what goes, by concern, in order; all that keeps it from going)."""
    plans: t.Dict[str, Plan] = {}
    failures: t.List[HostError] = []
    effects: Effects = NO_EFFECTS
    for concern in _concerns(params):
        try:
            resource = _part(concern, params, docker)
            plans[concern] = resource.plan(resource.observe(), effects)
            effects |= plans[concern].effects
        except HostError as exc:
            failures.append(exc.of(concern))
        if concern in plans and plans[concern].holds:
            return {concern: plans[concern]}, []
    return plans, failures


def apply_retirement(params: Params, docker: Docker, planned: t.Mapping[str, Plan]) -> None:
    """Do it, each concern as the host is by then. Raises HostError; what went until then is forgotten already."""
    effects: Effects = NO_EFFECTS
    for concern in planned:
        try:
            resource = _part(concern, params, docker)
            plan = resource.plan(resource.observe(), effects)
            resource.apply(plan.actions)
            effects |= plan.effects & {Effect.REMAINS}  # what is done shows in what the next one observes
        except HostError as exc:
            raise exc.of(concern) from exc


def _concerns(params: Params) -> t.Tuple[str, ...]:
    if not files.HOME.is_dir():
        return ORDER[:1] if RetiredPull().observe() else ()
    if params["only"] == "leftovers":
        return ("buildx",)
    # a host without ca-certificates has nothing to refresh, and needs nothing
    return tuple(each for each in ORDER if each != "trust" or TRUST.read() != TrustRecord())


def _part(concern: str, params: Params, docker: Docker) -> Resource[t.Any]:
    """The resource of a concern."""
    disruption = disruption_of(params)
    makers: t.Dict[str, t.Callable[[], Resource[t.Any]]] = {
        "pull": RetiredPull,
        "buildx": lambda: RetiredBuildx(_asked(params), params["volumes"], disruption, docker),
        "binfmt": lambda: RetiredBinfmt.of(docker),
        "daemon": lambda: RetiredDaemon.of(
            docker,
            disruption,
            switch=params["allow_image_store_switch"],
            root_switch=params["allow_data_root_switch"],
        ),
        "trust": lambda: Trust((), (), retiring=True),
        "engine": RetiredEngine,
        "record": Record,
    }
    return makers[concern]()


def _asked(params: Params) -> t.Optional[Asked]:
    if params["only"] == "all":
        return None
    return Asked(frozenset(each["name"].lower() for each in params["instances"]), frozenset(params["users"]))
