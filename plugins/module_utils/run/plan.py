# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module plan: all concerns in one process, each with the effects of those before it."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.watch import watching
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import argument_spec
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Effects, Plan
from ansible_collections.multiarch.builders.plugins.module_utils.proof.unproven import unproven
from ansible_collections.multiarch.builders.plugins.module_utils.run.concerns import RESOURCES
from ansible_collections.multiarch.builders.plugins.module_utils.run.module import Module
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import require_root
from ansible_collections.multiarch.builders.plugins.module_utils.run.result import failed, in_words, plans_result
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import NewerRecordError, require_known
from ansible_collections.multiarch.builders.plugins.module_utils.trace.recorder import Recorder, keep


def plan_all() -> None:
    """The whole of module plan."""
    module = Module({**argument_spec("plan"), "_trace_key": {"type": "str", "no_log": False}}, supports_check_mode=True)
    require_root(module)
    tell_plan(module)


def tell_plan(module: Module) -> None:
    """End *module* with the plan, or with everything that prevents the desired state."""
    recorder = Recorder()
    with watching(recorder):
        plans, failures = plan_concerns(asked(module.params), module.params, Docker(planning=True))
        result = plans_result(plans, unproven_since(module.params, failures))
    if failures:
        module.fail_json(**failed(*failures), **result)
    key = module.params.get("_trace_key")
    if key and not module.check_mode and not result["actions"] and not result["due"]:
        untraced = keep(recorder, key, result)
        result = {**result, **({"untraced": untraced} if untraced else {})}
    module.exit_json(changed=module.check_mode and bool(result["pending"]), **result)


Kinds = t.Sequence[t.Type[Concern[t.Any]]]


def plan_concerns(kinds: Kinds, params: Params, docker: Docker) -> t.Tuple[t.Dict[str, Plan], t.List[HostError]]:
    """(plan of each concern that can be planned, why others cannot); if one holds the others, only that one."""
    effects: Effects = NO_EFFECTS
    plans: t.Dict[str, Plan] = {}
    failures: t.List[HostError] = []
    again: t.Dict[str, t.Tuple[Concern[t.Any], t.Any]] = {}
    try:
        require_known()
    except NewerRecordError as exc:
        return plans, [exc]
    for kind in kinds:
        try:
            resource = kind.from_params(params, docker)
            state = resource.observe()
            plans[kind.concern] = resource.plan(state, effects)
            if kind.again:
                again[kind.concern] = (resource, state)
            effects |= plans[kind.concern].effects
        except (HostError, OSError) as exc:
            failures.append(in_words(exc).of(kind.concern))
            if kind.concern == "engine":  # no other can be planned without Docker
                break
        else:
            if plans[kind.concern].holds:
                return {kind.concern: plans[kind.concern]}, []
    plans.update({concern: resource.plan(state, effects) for concern, (resource, state) in again.items()})
    return plans, failures


def unproven_since(params: Params, failures: t.List[HostError]) -> t.Dict[str, str]:
    """The pending proofs, and why; a damaged record is added to *failures*."""
    try:
        return unproven(params)
    except NewerRecordError:  # which the plans report
        return {}
    except HostError as exc:
        failures.append(exc)
        return {}


def asked(params: Params) -> Kinds:
    """The concerns that are requested, in their order."""
    return [kind for kind in RESOURCES if kind.concern in params["concerns"]]
