# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans as what modules return: plain data, without secrets."""

from __future__ import annotations

import typing as t
from dataclasses import asdict

from ansible_collections.multiarch.builders.plugins.module_utils.host.errors import HostError, failure
from ansible_collections.multiarch.builders.plugins.module_utils.host.redact import masked, shown
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Effect, Plan

Result = t.Dict[str, t.Any]

PROOFS = ("trust", "builds")  # in the order in which they are made


def failed(*failures: HostError) -> Result:
    """What a module that fails returns of *failures*: a message, a line for each, and the same as data, with more."""
    rows = [{name: shown(text) for name, text in failure(each).items()} for each in failures]
    return {"msg": "\n".join(shown(str(each)) for each in failures), "failures": rows}


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


def plans_result(plans: t.Mapping[str, Plan], unproven: t.Optional[t.Mapping[str, str]] = None) -> Result:
    """What modules return of *plans*, and of proofs that former changes called for: {proof: time of the change}."""
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
    told = plan_result(everything)
    called_for = due(plans)
    told["notes"] += [
        f"{proof}: no proof has passed since the change of {time}, so it is made again"
        for proof, time in (unproven or {}).items()
        if proof not in called_for
    ]
    proofs = [proof for proof in PROOFS if proof in called_for or proof in (unproven or {})]
    return {"pending": [step["concern"] for step in steps], "due": proofs, "plan": steps, **told, "facts": facts}


def due(plans: t.Mapping[str, Plan]) -> t.List[str]:
    """The proofs that the actions of *plans* call for: no build has to show that other certificates are trusted."""
    pending = [concern for concern, plan in plans.items() if plan.actions]
    of_builds = [
        action
        for concern, plan in plans.items()
        if concern != "trust"
        for action in plan.actions
        if Effect.BUILDER_TRUST_CHANGES not in action.effects
    ]
    trust = any(concern in ("trust", "daemon", "buildx") for concern in pending)
    return [proof for proof, called_for in (("trust", trust), ("builds", bool(of_builds))) if called_for]
