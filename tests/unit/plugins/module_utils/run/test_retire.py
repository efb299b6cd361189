# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which a host retires, and when its record goes."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import HOME
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Effect,
    Effects,
    Kind,
    Note,
    Plan,
)
from ansible_collections.multiarch.builders.plugins.module_utils.run import retire
from ansible_collections.multiarch.builders.plugins.module_utils.run.apply import apply_concerns
from ansible_collections.multiarch.builders.plugins.module_utils.run.concerns import RESOURCES
from ansible_collections.multiarch.builders.plugins.module_utils.run.plan import plan_concerns
from ansible_collections.multiarch.builders.plugins.module_utils.run.retire import RETIRED, Record, retiring
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

ORDER = [kind.concern for kind in RETIRED[:-1]]
ALL: dict[str, t.Any] = {
    "only": "all",
    "volumes": False,
    "instances": [],
    "users": [],
    "allow_image_store_switch": False,
    "allow_data_root_switch": False,
    "disruption": "wait",
    "drain_timeout": 1,
}


class Part(Concern[None]):
    """A stand-in for the part of a concern."""

    calls: t.ClassVar[list[str]]
    more: t.ClassVar[dict[str, t.Any]] = {}
    fails: t.ClassVar[str] = ""

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], docker: Docker) -> Part:  # noqa: ARG003
        return cls()

    def observe(self) -> None:
        if self.fails == "plan":
            raise HostError("of this test")

    def plan(self, state: None, effects: Effects) -> Plan:  # noqa: ARG002  # the base class's
        summary = f"remove {self.concern}"
        return Plan(() if summary in self.calls else (Action(summary, None),), **self.more)

    def apply(self, actions: t.Sequence[Action]) -> None:
        if self.fails == "apply":
            raise HostError("of this test")
        self.calls.extend(each.summary for each in actions)


@pytest.fixture
def calls() -> list[str]:
    """What the parts did, on a host of which something is remembered."""
    record.save("trust", {"files": {"/x": "y"}})
    return []


def stand_in(
    monkeypatch: pytest.MonkeyPatch, calls: list[str], *, concern: str = "", fails: str = "", **more: t.Any
) -> None:
    def part(name: str) -> type[Part]:
        own = {"more": more, "fails": fails} if name == concern else {}
        return type(name, (Part,), {"concern": name, "calls": calls, **own})

    monkeypatch.setattr(retire, "RETIRED", (*map(part, ORDER), Record))


def planned(docker: Docker, **params: t.Any) -> tuple[dict[str, Plan], list[HostError]]:
    return plan_concerns(retiring({**ALL, **params}), {**ALL, **params}, docker)


def retired(docker: Docker, **params: t.Any) -> list[str]:
    plans, failures = planned(docker, **params)
    if failures:
        raise failures[0]
    apply_concerns(retiring({**ALL, **params}), {**ALL, **params}, {}, proven=False)
    return [action.summary for plan in plans.values() for action in plan.actions]


def test_all_goes_in_the_opposite_order_and_the_record_last(
    calls: list[str], home: Path, no_docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, calls)
    told = retired(no_docker)
    assert calls == [f"remove {each}" for each in ORDER]
    assert told[-1] == f"remove {HOME}: the record of managed state, and backups"
    assert not home.exists()
    assert planned(no_docker) == ({}, []), "nothing of ours is on the host any more"


def test_what_stays_keeps_the_record(
    calls: list[str], home: Path, no_docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, calls, concern="daemon", notes=(Note(Kind.WAITS, "an image store"),))
    retired(no_docker)
    assert calls == [f"remove {each}" for each in ORDER]
    assert home.exists()


def test_a_build_that_keeps_its_builder_keeps_everything(
    calls: list[str], no_docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, calls, concern="buildx", holds=True)
    assert list(planned(no_docker)[0]) == ["buildx"]


def test_the_order_is_the_opposite_of_that_of_provisioning() -> None:
    assert ["pull", *(kind.concern for kind in reversed(RESOURCES))] == ORDER


def test_leftovers_are_builders_alone(calls: list[str], no_docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, calls)
    assert retired(no_docker, only="leftovers") == ["remove buildx"]


@pytest.mark.parametrize("concern", ORDER)
def test_what_cannot_be_planned_keeps_all_of_it(
    concern: str, calls: list[str], home: Path, no_docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, calls, concern=concern, fails="plan")
    with pytest.raises(HostError, match=f"^{concern}: of this test$"):
        retired(no_docker)
    assert (calls, home.exists()) == ([], True)


@pytest.mark.parametrize("concern", ORDER)
def test_a_failure_half_way_keeps_the_record(
    concern: str, calls: list[str], home: Path, no_docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, calls, concern=concern, fails="apply")
    with pytest.raises(HostError, match=f"^{concern}: of this test$"):
        retired(no_docker)
    assert calls == [f"remove {each}" for each in ORDER[: ORDER.index(concern)]]
    assert home.exists()


@pytest.mark.usefixtures("home")
def test_a_host_of_which_nothing_is_remembered_needs_nothing(
    no_docker: Docker,
) -> None:
    assert planned(no_docker) == ({}, [])


@pytest.mark.parametrize(
    ("content", "holds"),
    [
        pytest.param(None, False, id="no record"),
        pytest.param({}, False, id="an empty one"),
        pytest.param({"files": {}, "stale": False}, False, id="what was ours is gone"),
        pytest.param({"files": {"/x": "y"}}, True, id="a file"),
        pytest.param({"stale": True}, True, id="a store that has to be refreshed"),
    ],
)
def test_whether_a_record_holds_anything(content: dict[str, t.Any] | None, holds: bool) -> None:
    if content is not None:
        record.save("trust", content)
    assert ("trust" in [kind.concern for kind in retiring(ALL)]) is holds


def test_the_record_stays_as_long_as_something_does() -> None:
    record.save("trust", {})
    state = Record().observe()
    assert Record().plan(state, frozenset({Effect.REMAINS})) == Plan()
    assert len(Record().plan(state, frozenset()).actions) == 1
