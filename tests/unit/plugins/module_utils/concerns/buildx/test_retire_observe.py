# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a builder that goes wants, and what stays of it, from states made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import OwnBuilder, OwnNode
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.retire_apply import RemoveVolume
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.retire_observe import (
    Going,
    Place,
    actions_for,
    notes_on,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Kind, Note

HERE, THERE = OwnNode("b0", "", "ci", volume=True), OwnNode("b1", "ssh://ci@a", "ci", volume=True)
OWN = OwnBuilder("b", "docker-container", {"ci": None, "jane": None}, (HERE, THERE))
RUNS = Place(HERE, container=True, volume="3 MB")
ALL = Going(OWN, True, ("ci", "jane"), ("ci", "jane"), places=(RUNS, Place(THERE, container=True)))
REMOVED = "remove builder b of ci, jane: container "
STAYS = (
    "volume buildx_buildkit_b0_state (3 MB), the cache of builder b, is kept: `docker volume rm "
    "buildx_buildkit_b0_state` removes it, or -e builder_retire_volumes=true in this run"
)


@pytest.mark.parametrize(
    ("going", "told"),
    [
        pytest.param(ALL, f"{REMOVED}buildx_buildkit_b0, buildx_buildkit_b1 is removed", id="all of it"),
        pytest.param(
            replace(ALL, places=(replace(RUNS, working=True),)),
            f"{REMOVED}buildx_buildkit_b0 is removed (running now: a build in buildx_buildkit_b0)",
            id="a build runs",
        ),
        pytest.param(replace(ALL, places=(Place(HERE),)), "remove builder b of ci, jane", id="no container is left"),
        pytest.param(
            replace(ALL, whole=False, users=("jane",), entries=("jane",), places=()),
            "remove builder b from the stores of jane: its containers keep running",
            id="a user who left",
        ),
        pytest.param(
            replace(ALL, own=replace(OWN, users={"ci": "/backup", "jane": None}), places=(RUNS,)),
            f"{REMOVED}buildx_buildkit_b0 is removed; the one that ci had before us comes back",
            id="somebody had one of that name",
        ),
        pytest.param(
            replace(ALL, entries=(), places=()),
            "drop builder b of ci, jane from the record: nothing managed is left",
            id="removed by hand already",
        ),
        pytest.param(
            replace(ALL, users=(), entries=(), places=(Place(THERE, silent="it does not answer"),)),
            None,
            id="what is left of it cannot be reached",
        ),
    ],
)
def test_words(going: Going, told: str | None) -> None:
    assert [action.summary for action in actions_for([going], volumes=False)] == ([told] if told else [])


@pytest.mark.parametrize(
    ("place", "volumes", "removes", "note"),
    [
        pytest.param(RUNS, False, False, STAYS, id="it stays, and is told"),
        pytest.param(RUNS, True, True, None, id="it goes on request"),
        pytest.param(
            replace(RUNS, node=replace(HERE, volume=False)),
            True,
            False,
            "volume buildx_buildkit_b0_state existed before, and is kept",
            id="it was there before us",
        ),
        pytest.param(replace(RUNS, volume=None), True, False, None, id="there is none"),
        pytest.param(Place(HERE, gone=True), True, False, "Docker is gone from this host", id="Docker is gone"),
    ],
)
def test_caches(place: Place, volumes: bool, removes: bool, note: str | None) -> None:
    going = replace(ALL, places=(place,))
    steps = [action.step for action in actions_for([going], volumes=volumes)]
    assert (RemoveVolume(place.node) in steps) is removes
    notes = notes_on([going], volumes=volumes)
    assert len(notes) == (1 if note else 0)
    assert all(each.text.startswith(note or "") for each in notes)


def test_what_somebody_made_anew_and_what_cannot_be_reached_is_told() -> None:
    going = replace(ALL, entries=("ci",), changed=("jane",), places=(Place(THERE, silent="b1 does not answer"),))
    assert notes_on([going], volumes=False) == [
        Note(Kind.WAITS, "b1 does not answer"),
        Note(Kind.LEFT_ALONE, "builder b of jane was changed by someone else, and is kept"),
    ]


def test_a_node_that_cannot_be_reached_stays_remembered() -> None:
    step = replace(ALL, places=(RUNS, Place(THERE, silent="it does not answer"))).step
    assert step.nodes == (HERE,)
    assert THERE not in step.forgotten
