# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans as what modules return: plain data, without secrets."""

from __future__ import annotations

import typing as t
from dataclasses import asdict

from ansible_collections.multiarch.builders.plugins.module_utils.credentials import masked, shown
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Plan

Result = t.Dict[str, t.Any]


def plan_result(plan: Plan) -> Result:
    """What a module returns of one concern's plan."""
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


def plans_result(plans: t.Mapping[str, Plan]) -> Result:
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
    return {"pending": [step["concern"] for step in steps], "plan": steps, **plan_result(everything), "facts": facts}
