# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans as module results: plain data, without secrets."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.redact import masked, shown
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import Failure, HostError, failure
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Effect, Kind, Note, Plan

Result = t.Dict[str, t.Any]

PROOFS = ("trust", "builds")  # in the order in which they run


def in_words(exc: t.Union[HostError, OSError]) -> HostError:
    """*exc*, or the same for an error of the operating system that nobody expected, as of a home on a network."""
    if isinstance(exc, HostError):
        return exc
    path = "" if exc.filename is None or isinstance(exc.filename, int) else os.fsdecode(exc.filename)
    if not path:
        return HostError(str(exc))
    return HostError(f"{path} cannot be accessed", exc.strerror or "", f"Check its disk: `findmnt --target {path}`")


def failed(*failures: HostError) -> Result:
    """The result of a module that fails with *failures*: a message, a line for each, and the same as data."""
    return {"msg": "\n".join(shown(str(each)) for each in failures), "failures": failures_of(failures)}


def failures_of(failures: t.Iterable[HostError]) -> t.List[Failure]:
    """*failures* as modules return them."""
    return [{name: shown(text) for name, text in failure(each).items()} for each in failures]


def notes_of(concern: str, notes: t.Iterable[Note]) -> t.List[t.Dict[str, str]]:
    """*notes* of a concern, "" for none, as modules return them."""
    return [{"concern": concern, "kind": each.kind.value, "text": shown(each.text)} for each in notes]


def plan_result(concern: str, plan: Plan) -> Result:
    """A module's result for one concern's plan."""
    differences = [action.difference for action in plan.actions if action.difference is not None]
    return {
        "actions": [shown(action.summary) for action in plan.actions],
        "notes": notes_of(concern, plan.notes),
        "facts": masked(dict(plan.facts)),
        "diff": [
            {
                "before_header": each.name,
                "after_header": each.name,
                "before": shown(each.before),
                "after": shown(each.after),
            }
            for each in differences
        ],
    }


def plans_result(plans: t.Mapping[str, Plan], unproven: t.Optional[t.Mapping[str, str]] = None) -> Result:
    """A module's result for *plans*, and for the proofs that are pending anyway: {proof: why}."""
    told = {concern: plan_result(concern, plan) for concern, plan in plans.items()}
    steps = [{"concern": concern, "actions": each["actions"]} for concern, each in told.items() if each["actions"]]
    called_for = due(plans)
    again = (f"{proof}: {why}" for proof, why in (unproven or {}).items() if proof not in called_for)
    actions, notes, diff = (
        [row for each in told.values() for row in each[name]] for name in ("actions", "notes", "diff")
    )
    return {
        "pending": [step["concern"] for step in steps],
        "due": [proof for proof in PROOFS if proof in called_for or proof in (unproven or {})],
        "plan": steps,
        "actions": actions,
        "notes": [*notes, *notes_of("", Kind.UNPROVEN.notes(again))],
        "diff": diff,
        "facts": {concern: each["facts"] for concern, each in told.items() if each["facts"]},
    }


def due(plans: t.Mapping[str, Plan]) -> t.List[str]:
    """The proofs that the actions of *plans* require: changed certificates require no build."""
    pending = [concern for concern, plan in plans.items() if plan.actions]
    of_builds = [
        action
        for concern, plan in plans.items()
        if concern not in ("trust", "contexts", "serve", "ssh", "guard")
        for action in plan.actions
        if Effect.BUILDER_TRUST_CHANGES not in action.effects
    ]
    trust = any(concern in ("trust", "daemon", "buildx") for concern in pending)
    return [proof for proof, called_for in (("trust", trust), ("builds", bool(of_builds))) if called_for]
