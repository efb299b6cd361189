# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module apply: applies the whole plan, concern by concern, in one process and under one lock."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError, UnfinishedError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import argument_spec
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Effect, Effects, Plan
from ansible_collections.multiarch.builders.plugins.module_utils.proof.unproven import unproven
from ansible_collections.multiarch.builders.plugins.module_utils.run.lock import alone
from ansible_collections.multiarch.builders.plugins.module_utils.run.module import Module
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import (
    apply,
    look_again,
    require_nothing,
    require_root,
)
from ansible_collections.multiarch.builders.plugins.module_utils.run.plan import Kinds, asked, plan_concerns, tell_plan
from ansible_collections.multiarch.builders.plugins.module_utils.run.result import failed, in_words, plans_result


def apply_all() -> None:
    """The whole of module apply; in check mode it is the plan."""
    module = Module(argument_spec("apply"), supports_check_mode=True)
    require_root(module)
    if module.check_mode:
        tell_plan(module)
    done: t.Dict[str, Plan] = {}
    try:
        with alone(module, "provisioning"):
            apply_concerns(asked(module.params), module.params, done)
            require_nothing_left(asked(module.params), module.params)
        result = plans_result(done, unproven(module.params))
    except HostError as exc:
        module.fail_json(**failed(exc), **plans_result(done))
    module.exit_json(changed=bool(result["pending"]), **result)


def apply_concerns(kinds: Kinds, params: Params, done: t.Dict[str, Plan], *, proven: bool = True) -> None:
    """Plan and apply each concern against the current state; fills *done*. Raises HostError at the first failure.

    One that is only unfinished is raised after the last concern. A concern is observed again by `require_nothing_left`.
    One that has to be applied again is, after all others. *proven* says whether proofs follow.
    """
    effects: Effects = NO_EFFECTS
    unfinished: t.List[HostError] = []
    for kind in (*kinds, *(each for each in kinds if each.again)):
        try:
            resource = kind.from_params(params, Docker())  # a dockerd that was just installed has its own API version
            plan = resource.plan(resource.observe(), effects)
            try:
                apply(resource, plan, proven=proven)
            except UnfinishedError as exc:
                unfinished.append(exc.of(kind.concern))
            effects |= plan.effects & {Effect.REMAINS}  # the next one observes all others itself
            former = done.get(kind.concern, Plan())
            done[kind.concern] = replace(plan, actions=(*former.actions, *plan.actions))
            if kind.concern == "engine":  # all others need it; they are checked again together, at the end
                look_again(resource, plan)
        except (HostError, OSError) as exc:
            raise in_words(exc).of(kind.concern) from exc
    if unfinished:
        raise unfinished[0]


def require_nothing_left(kinds: Kinds, params: Params) -> None:
    """Raise HostError if any concern differs: a later one may have undone an earlier one's work."""
    plans, failures = plan_concerns(kinds, params, Docker(planning=True))
    if failures:
        raise failures[0]
    for concern, plan in plans.items():
        try:
            require_nothing(plan)
        except HostError as exc:
            raise exc.of(concern) from exc
