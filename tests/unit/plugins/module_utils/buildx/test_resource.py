# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the builders: what is made, made anew, started or left for later, from states made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.drift import Container
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.resource import (
    Builder,
    Buildx,
    MakeBuilder,
    StartBuilder,
    UseBuilder,
    container_name,
)
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.store import StoredBuilder
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.resource import NO_EFFECTS, Effect, Effects, Plan
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Disruption, Instance
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.buildx.recorded import (
    CONTAINER,
    NODE,
    STORED,
    WANTED,
    with_file,
    with_node,
)

RESTART: Effects = frozenset({Effect.DAEMON_RESTARTS})
SWITCH: Effects = frozenset({Effect.DAEMON_RESTARTS, Effect.IMAGE_STORE_SWITCHES})
OLD = replace(STORED, nodes=(replace(NODE, driver_opts={"image": "moby/buildkit:old"}),))
OLD_CONTAINER = replace(CONTAINER, image="moby/buildkit:old")
STOPPED = replace(CONTAINER, running=False)


def planned(
    docker: Docker,
    container: Container | None,
    entries: dict[str, StoredBuilder | str | None],
    effects: Effects = NO_EFFECTS,
    *,
    mode: str = "wait",
    current: str | None = "multiarch",
    wanted: Instance = WANTED,
) -> Plan:
    users = tuple(entries)
    builder = Builder(container, entries, dict.fromkeys(users, current) if wanted.default else {}, None)
    return Buildx((wanted,), users, Disruption(mode, 900), docker).plan({wanted.name: builder}, effects)


def test_a_builder_that_runs_as_asked_needs_nothing(no_docker: Docker) -> None:
    assert planned(no_docker, CONTAINER, {"root": STORED, "ci": STORED}) == Plan()


@pytest.mark.parametrize(
    ("container", "entries", "users", "replaced", "verb"),
    [
        pytest.param(None, {"root": None}, ("root",), False, "create", id="nothing there"),
        pytest.param(CONTAINER, {"root": None}, ("root",), False, "create", id="the store was lost: adopted"),
        pytest.param(
            CONTAINER, {"root": STORED, "ci": None}, ("ci",), False, "create", id="one more user: the others stay"
        ),
        pytest.param(CONTAINER, {"root": "ValueError: x"}, ("root",), False, "create", id="a broken entry"),
        pytest.param(OLD_CONTAINER, {"root": OLD}, ("root",), True, "recreate", id="another image"),
        pytest.param(
            OLD_CONTAINER,
            {"root": STORED, "ci": STORED},
            ("root", "ci"),
            True,
            "recreate",
            id="only the container differs: made anew for all",
        ),
        pytest.param(
            CONTAINER, {"root": OLD, "ci": STORED}, ("root",), True, "recreate", id="only one user's entry differs"
        ),
        pytest.param(OLD_CONTAINER, {"root": None}, ("root",), True, "recreate", id="a strange one of that name"),
        pytest.param(
            CONTAINER,
            {"root": with_node(files=with_file("certs/harbor.lab.test/ca.crt", b"old CA\n"))},
            ("root",),
            True,
            "recreate",
            id="a CA was rotated in the table",
        ),
    ],
)
def test_builders_that_are_made(
    container: Container | None,
    entries: dict[str, StoredBuilder | str | None],
    users: tuple[str, ...],
    replaced: bool,
    verb: str,
    no_docker: Docker,
) -> None:
    plan = planned(no_docker, container, entries)
    assert [action.step for action in plan.actions] == [MakeBuilder(WANTED, users, replaced)]
    summary = plan.actions[0].summary
    assert summary.startswith(f"{verb} builder multiarch for {', '.join(users)}: ")
    assert summary.endswith(", its cache is kept") is replaced
    assert plan.notes == ()


def test_a_reason_of_several_users_is_told_once(no_docker: Docker) -> None:
    plan = planned(no_docker, None, {"root": None, "ci": None})
    assert plan.actions[0].summary == "create builder multiarch for root, ci: not in the store"


@pytest.mark.parametrize(
    ("container", "effects", "starts"),
    [
        pytest.param(CONTAINER, NO_EFFECTS, False, id="runs"),
        pytest.param(STOPPED, NO_EFFECTS, True, id="stopped"),
        pytest.param(None, NO_EFFECTS, True, id="gone: made again from the store"),
        pytest.param(CONTAINER, RESTART, True, id="docker restarts"),
        pytest.param(CONTAINER, SWITCH, True, id="another image store: it vanishes"),
        pytest.param(OLD_CONTAINER, SWITCH, True, id="what vanishes need not be compared"),
        pytest.param(CONTAINER, frozenset({Effect.TRUST_STORE_CHANGES}), False, id="a CA alone stops no builder"),
    ],
)
def test_builders_that_are_started(
    container: Container | None, effects: Effects, starts: bool, no_docker: Docker
) -> None:
    plan = planned(no_docker, container, {"root": STORED, "ci": STORED}, effects)
    assert [action.step for action in plan.actions] == ([StartBuilder(WANTED, "root")] if starts else [])


def test_a_builder_that_is_made_is_not_started_too(no_docker: Docker) -> None:
    plan = planned(no_docker, STOPPED, {"root": None}, RESTART)
    assert [type(action.step) for action in plan.actions] == [MakeBuilder]


def test_after_a_switch_of_the_image_store_it_is_created_where_its_entry_differs_too(no_docker: Docker) -> None:
    plan = planned(no_docker, OLD_CONTAINER, {"root": None}, SWITCH)
    assert [action.step for action in plan.actions] == [MakeBuilder(WANTED, ("root",), False)]


@pytest.mark.parametrize(
    ("current", "default", "uses"),
    [
        pytest.param("multiarch", True, False, id="it is"),
        pytest.param(None, True, True, id="docker's own is"),
        pytest.param("other", True, True, id="another is"),
        pytest.param("other", False, False, id="another is, and may be"),
    ],
)
def test_the_builder_of_a_user(current: str | None, default: bool, uses: bool, no_docker: Docker) -> None:
    wanted = replace(WANTED, default=default)
    plan = planned(no_docker, CONTAINER, {"ci": STORED}, current=current, wanted=wanted)
    assert [action.step for action in plan.actions] == ([UseBuilder(wanted, "ci")] if uses else [])
    if uses:
        told = f"make multiarch the builder of ci, in place of {current or 'default'}"
        assert plan.actions[0].summary == told


@pytest.mark.parametrize(
    ("container", "entries", "acts"),
    [
        pytest.param(OLD_CONTAINER, {"root": OLD}, False, id="a running builder would end its builds"),
        pytest.param(replace(OLD_CONTAINER, running=False), {"root": OLD}, True, id="a stopped one has none"),
        pytest.param(None, {"root": None}, True, id="a new one has none"),
        pytest.param(CONTAINER, {"root": STORED, "ci": None}, True, id="it is adopted, and goes on running"),
        pytest.param(STOPPED, {"root": STORED}, True, id="a start ends nothing"),
    ],
)
def test_disruption_never(
    container: Container | None, entries: dict[str, StoredBuilder | str | None], acts: bool, no_docker: Docker
) -> None:
    plan = planned(no_docker, container, entries, mode="never")
    assert bool(plan.actions) is acts
    assert bool(plan.notes) is not acts
    if not acts:
        assert plan.notes[0].startswith("pending, as builder_disruption is never: recreate builder multiarch for root")


def test_the_difference_is_that_of_the_file_in_the_container(no_docker: Docker) -> None:
    files = with_file("buildkitd.toml", b"debug = true\n")
    plan = planned(no_docker, replace(CONTAINER, files=files), {"root": STORED})
    difference = plan.actions[0].difference
    assert difference is not None
    assert (difference.name, difference.before) == ("multiarch/buildkitd.toml", "debug = true\n")
    assert difference.after == WANTED.config
    assert "PRIVATE" not in difference.after


@pytest.mark.parametrize(("name", "container"), [("multiarch", "multiarch0"), ("B1", "b10"), ("a.b-C_2", "a.b-c_20")])
def test_container_name(name: str, container: str) -> None:
    """Recorded: the node of a builder B1 is b10, of buildx 0.13.1 and 0.29.1."""
    assert container_name(replace(WANTED, name=name)) == f"buildx_buildkit_{container}"
