"""All concerns in their order, each as the host is by then; the first that fails ends it."""

from __future__ import annotations

import errno
import typing as t
from dataclasses import dataclass

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError, UnfinishedError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Departure, Effects, Plan
from ansible_collections.multiarch.builders.plugins.module_utils.run import plan
from ansible_collections.multiarch.builders.plugins.module_utils.run.apply import (
    apply_concerns,
    require_nothing_left,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

pytestmark = pytest.mark.usefixtures("home")

HOST: set[str] = set()  # what was done to it
LOOKS: list[str] = []  # at which concern


@dataclass
class Step(Concern[bool]):
    """A concern of one action; it fails, or has no effect, where a parameter says so."""

    params: t.Mapping[str, t.Any]

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], docker: Docker) -> Step:  # noqa: ARG003
        return cls(params)

    def observe(self) -> bool:
        if self.concern == self.params.get("away"):
            raise OSError(errno.EHOSTDOWN, "Host is down", "/home/ci")
        LOOKS.append(self.concern)
        return self.concern in HOST

    def plan(self, state: bool, effects: Effects) -> Plan:  # noqa: ARG002
        return Plan() if state else Plan((Action(f"do {self.concern}", None),))

    def apply(self, actions: t.Sequence[Action]) -> None:  # noqa: ARG002
        if self.concern == self.params.get("fails"):
            raise HostError("no room")
        if self.concern == self.params.get("stale"):
            raise OSError(errno.ESTALE, "Stale file handle", "/home/ci/.docker")
        if self.concern in self.params.get("unfinished", ()):
            raise UnfinishedError("half of it", "a fault")
        if self.concern != self.params.get("idles"):
            HOST.add(self.concern)
        HOST.discard(self.params.get("undoes", {}).get(self.concern))


class Engine(Step):
    concern = "engine"


class First(Step):
    concern = "first"


class Second(Step):
    concern = "second"


class Third(Step):
    concern = "third"


DEPARTURE = Departure("container", "of the third")


class Leaves(Third):
    """It no longer uses what the first has."""

    def plan(self, state: bool, effects: Effects) -> Plan:  # noqa: ARG002
        return Plan((Action("leave", None, frozenset({DEPARTURE})),))


class Settles(First):
    """It removes what the third no longer uses."""

    again = True

    def observe(self) -> bool:
        super().observe()
        return "settled" in HOST or ("first" in HOST and "third" not in HOST)

    def plan(self, state: bool, effects: Effects) -> Plan:
        return super().plan(state and DEPARTURE not in effects, effects)

    def apply(self, actions: t.Sequence[Action]) -> None:
        super().apply(actions)
        if "third" in HOST:
            HOST.add("settled")


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    HOST.clear()
    LOOKS.clear()
    monkeypatch.setattr(plan, "RESOURCES", (Engine, First, Second, Third))


def applied(**params: t.Any) -> tuple[list[str], str]:
    """(the concerns of which something was done, why it failed)."""
    done: dict[str, Plan] = {}
    given = {"concerns": ["third", "first", "second"], **params}
    kinds = plan.asked(given)
    try:
        apply_concerns(kinds, given, done)
        require_nothing_left(kinds, given)
    except HostError as exc:
        return [concern for concern, plan in done.items() if plan.actions], str(exc)
    return [concern for concern, plan in done.items() if plan.actions], ""


LOOK = "Check its disk: `findmnt --target /home/ci"


def test_a_home_on_a_network_that_is_down_is_told_like_any_failure(no_docker: Docker) -> None:
    assert applied(stale="second") == (
        ["first"],
        f"second: /home/ci/.docker cannot be accessed: Stale file handle. {LOOK}/.docker`",
    )
    down = f"second: /home/ci cannot be accessed: Host is down. {LOOK}`"
    assert applied(away="second") == ([], down)
    given = {"concerns": ["third", "second"], "away": "second"}
    plans, failures = plan.plan_concerns(plan.asked(given), given, no_docker)
    assert [str(each) for each in failures] == [down]
    assert list(plans) == ["third"]


def test_concerns_are_done_in_their_order_and_once() -> None:
    assert applied() == (["first", "second", "third"], "")
    assert applied() == ([], "")


def test_only_what_is_asked_for_is_done() -> None:
    assert applied(concerns=["second"]) == (["second"], "")


def test_the_first_that_fails_ends_it_and_what_was_done_is_told() -> None:
    assert applied(fails="second") == (["first"], "second: no room")
    assert {"first"} == HOST


def test_one_that_is_unfinished_does_not_keep_later_ones_from_being_done() -> None:
    assert applied(unfinished=["first"]) == (["first", "second", "third"], "first: half of it: a fault")
    assert {"second", "third"} == HOST
    assert [*record.load("unproven")["proofs"]] == ["builds"]


def test_of_two_that_are_unfinished_the_first_is_told_and_a_failure_before_both() -> None:
    assert applied(unfinished=["first", "second"])[1] == "first: half of it: a fault"
    HOST.clear()
    assert applied(unfinished=["first"], fails="third")[1] == "third: no room"


def test_what_is_changed_wants_a_proof_even_if_the_run_ends_there() -> None:
    applied(fails="first")
    assert [*record.load("unproven")["proofs"]] == ["builds"]


def test_what_others_used_is_removed_after_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "RESOURCES", (Engine, Settles, Second, Third))
    given = {"concerns": ["first", "third"]}
    done: dict[str, Plan] = {}
    apply_concerns(plan.asked(given), given, done)
    require_nothing_left(plan.asked(given), given)
    assert LOOKS == ["first", "third", "first", "first", "third"]
    assert {name: len(each.actions) for name, each in done.items()} == {"first": 2, "third": 1}


def test_what_others_will_no_longer_use_is_planned_to_be_removed(docker: Docker) -> None:
    HOST.add("settled")
    plans, failures = plan.plan_concerns((Settles, Second, Leaves), {}, docker)
    assert failures == []
    assert {name: [each.summary for each in found.actions] for name, found in plans.items()} == {
        "first": ["do first"],
        "second": ["do second"],
        "third": ["leave"],
    }
    assert LOOKS == ["first", "second", "third"]
    assert plan.plan_concerns((Settles, Second), {}, docker)[0]["first"].actions == ()


def test_what_has_no_effect_is_a_failure() -> None:
    assert applied(idles="second") == (
        ["first", "second", "third"],
        "second: applied, but the host still differs from the desired state: do second",
    )


def test_each_concern_is_looked_at_before_it_and_at_the_end() -> None:
    applied()
    assert LOOKS == ["first", "second", "third"] * 2


def test_what_all_others_need_is_looked_at_at_once() -> None:
    failed = "engine: applied, but the host still differs from the desired state: do engine"
    assert applied(concerns=["engine", "first"], idles="engine") == (["engine"], failed)


def test_what_a_later_concern_undoes_is_a_failure() -> None:
    assert applied(undoes={"third": "first"}) == (
        ["first", "second", "third"],
        "first: applied, but the host still differs from the desired state: do first",
    )
