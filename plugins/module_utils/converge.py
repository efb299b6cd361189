# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules do: plan all concerns, or converge one."""

from __future__ import annotations

import os
import pwd
import typing as t
from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multiarch.builders.plugins.module_utils.concerns import resource_for
from ansible_collections.multiarch.builders.plugins.module_utils.credentials import masked, shown
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.lock import alone
from ansible_collections.multiarch.builders.plugins.module_utils.options import (
    CONCERNS,
    OPTIONS,
    OPTIONS_OF,
    argument_spec,
)
from ansible_collections.multiarch.builders.plugins.module_utils.resource import NO_EFFECTS, Effects, Plan
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Params

Result = t.Dict[str, t.Any]


def converge(concern: str) -> None:
    """The whole of a concern's module: observe, plan, apply what differs, and look again."""
    module = AnsibleModule(argument_spec(*OPTIONS_OF[concern]), supports_check_mode=True)
    require_root(module)
    resource = resource_for(concern, module.params, Docker())
    plan = Plan()
    try:
        with alone(module, concern):
            plan = resource.plan(resource.observe(), NO_EFFECTS)
            if plan.actions and not module.check_mode:
                resource.apply(plan.actions)
                left = resource.plan(resource.observe(), NO_EFFECTS)
                if left.actions:
                    raise HostError(f"done, but still differs: {'; '.join(each.summary for each in left.actions)}")
    except HostError as exc:
        module.fail_json(msg=shown(f"{concern}: {exc}"), **_result(plan))
    module.exit_json(changed=bool(plan.actions), **_result(plan))


def plan_all() -> None:
    """The whole of module plan: all concerns in one process, each knowing what the ones before it cause."""
    module = AnsibleModule(argument_spec(*OPTIONS), supports_check_mode=True)
    require_root(module)
    plans, errors = plan_concerns(module.params, Docker())
    result = plan_result(plans)
    if errors:
        module.fail_json(msg="\n".join(errors), errors=errors, **result)
    module.exit_json(changed=module.check_mode and bool(result["pending"]), **result)


def plan_concerns(params: Params, docker: Docker) -> t.Tuple[t.Dict[str, Plan], t.List[str]]:
    """(plan of each concern that can be planned, why others cannot)."""
    effects: Effects = NO_EFFECTS
    plans: t.Dict[str, Plan] = {}
    errors: t.List[str] = []
    for concern in (each for each in CONCERNS if each in params["concerns"]):
        try:
            resource = resource_for(concern, params, docker)
            plans[concern] = resource.plan(resource.observe(), effects)
            effects |= plans[concern].effects
        except HostError as exc:
            errors.append(shown(f"{concern}: {exc}"))
            if concern == "engine":  # nothing after it can be told without Docker
                break
    return plans, errors


def require_root(module: AnsibleModule) -> None:
    """Everything here belongs to root; without, dockerd would only seem to be down."""
    if os.geteuid() != 0:
        user = pwd.getpwuid(os.geteuid()).pw_name
        module.fail_json(msg=f"{user} may not see what root owns: set `become: true` (ansible_become) for this host")


def plan_result(plans: t.Mapping[str, Plan]) -> Result:
    """What modules return of *plans*."""
    everything = Plan(
        tuple(action for plan in plans.values() for action in plan.actions),
        tuple(note for plan in plans.values() for note in plan.notes),
    )
    steps = [
        {"concern": concern, "actions": [shown(each.summary) for each in plan.actions]}
        for concern, plan in plans.items()
        if plan.actions
    ]
    facts = {concern: masked(dict(plan.facts)) for concern, plan in plans.items() if plan.facts}
    return {"pending": [step["concern"] for step in steps], "plan": steps, **_result(everything), "facts": facts}


def _result(plan: Plan) -> Result:
    differences = [asdict(action.difference) for action in plan.actions if action.difference is not None]
    return {
        "actions": [shown(action.summary) for action in plan.actions],
        "notes": [shown(note) for note in plan.notes],
        "facts": masked(dict(plan.facts)),
        "diff": [
            {
                "before_header": each["name"],
                "after_header": each["name"],
                "before": shown(each["before"]),
                "after": shown(each["after"]),
            }
            for each in differences
        ],
    }
