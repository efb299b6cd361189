"""What a plan calls for, and what a module tells of it."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Effect, Kind, Note, Plan
from ansible_collections.multiarch.builders.plugins.module_utils.run.result import due, plans_result

NOTHING = Plan(notes=(Note(Kind.LEFT_ALONE, "it is theirs"),))
LEFT_ALONE = {"concern": "trust", "kind": "left_alone", "text": "it is theirs"}
CHANGE = Plan((Action("a change", None),))
CERTIFICATES = Action("replace certificates", None, frozenset({Effect.BUILDER_TRUST_CHANGES}))


@pytest.mark.parametrize(
    ("plans", "proofs"),
    [
        pytest.param({}, [], id="nothing is asked for"),
        pytest.param({"trust": NOTHING, "buildx": NOTHING}, [], id="nothing to do"),
        pytest.param({"engine": CHANGE}, ["builds"], id="another buildx"),
        pytest.param({"binfmt": CHANGE}, ["builds"], id="another emulator"),
        pytest.param({"trust": CHANGE}, ["trust"], id="a CA"),
        pytest.param({"trust": CHANGE, "buildx": Plan((CERTIFICATES,))}, ["trust"], id="a CA, of builders too"),
        pytest.param({"buildx": Plan((CERTIFICATES, *CHANGE.actions))}, ["trust", "builds"], id="a builder too"),
        pytest.param({"daemon": CHANGE}, ["trust", "builds"], id="daemon.json, which has mirrors"),
        pytest.param({"buildx": CHANGE}, ["trust", "builds"], id="a builder, whose configuration has mirrors"),
    ],
)
def test_what_changes_decides_what_is_proven(plans: dict[str, Plan], proofs: list[str]) -> None:
    assert due(plans) == proofs


WHY = "not proven yet: linux/arm/v6"


def again(proof: str) -> dict[str, str]:
    text = f"{proof}: {WHY}"
    return {"concern": "", "kind": "unproven", "text": text}


@pytest.mark.parametrize(
    ("plans", "unproven", "proofs", "notes"),
    [
        pytest.param({"trust": NOTHING}, {}, [], [LEFT_ALONE], id="all is proven"),
        pytest.param({"trust": NOTHING}, {"builds": WHY}, ["builds"], [LEFT_ALONE, again("builds")], id="no change"),
        pytest.param(
            {"binfmt": CHANGE}, {"trust": WHY}, ["trust", "builds"], [again("trust")], id="another is called for"
        ),
        pytest.param({"binfmt": CHANGE}, {"builds": WHY}, ["builds"], [], id="the same is called for"),
    ],
)
def test_what_was_not_proven_before_is_proven_now(
    plans: dict[str, Plan], unproven: dict[str, str], proofs: list[str], notes: list[dict[str, str]]
) -> None:
    result = plans_result(plans, unproven)
    assert (result["due"], result["notes"]) == (proofs, notes)
