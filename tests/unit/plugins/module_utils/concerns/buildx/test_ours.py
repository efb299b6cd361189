# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which builders are ours, for whom, and what was there before: remembered before anything is made."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import ours
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import digest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import (
    RECORD,
    OwnBuilder,
    OwnNode,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.store import StoredBuilder
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Node
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import (
    ENTRY,
    NODE,
    STORED,
    WANTED,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

pytestmark = pytest.mark.usefixtures("homes")
VOLUME, CONTAINER = "/volumes/buildx_buildkit_multiarch0_state", "/containers/buildx_buildkit_multiarch0/json"
OWN_NODE = OwnNode("multiarch0", "", "ci", volume=True)


def put_entry(homes: Path, user: str, text: str = ENTRY) -> Path:
    path = homes / user / ".docker/buildx/instances/multiarch"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def claim(docker: Docker, *users: str, nodes: tuple[Node, ...] = WANTED.nodes) -> OwnBuilder:
    ours.claim(replace(WANTED, nodes=nodes), users, lambda _node: docker)
    return ours.builders()["multiarch"]


def test_a_new_builder_is_ours_with_all_that_comes_with_it(docker: Docker) -> None:
    assert claim(docker, "ci", "jane") == OwnBuilder(
        "multiarch", "docker-container", {"ci": None, "jane": None}, (OWN_NODE,)
    )
    assert [each.reference for each in RECORD.read().images] == [WANTED.image]


@pytest.mark.parametrize(
    ("there", "node"),
    [
        pytest.param(VOLUME, replace(OWN_NODE, volume=False), id="a cache"),
        pytest.param(CONTAINER, replace(OWN_NODE, container=True), id="a container"),
    ],
)
def test_what_is_there_already_is_not_ours(there: str, node: OwnNode, dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers[f"GET {there}"] = as_json({})
    assert claim(docker, "ci").nodes == (node,)
    del dockerd.answers[f"GET {there}"]
    assert claim(docker, "ci").nodes == (node,), "a later run does not change what was there before us"


def test_an_image_that_is_there_already_is_not_ours(dockerd: DockerdStandIn, docker: Docker) -> None:
    reference = f"docker.io/moby/buildkit@{WANTED.image.partition('@')[2]}"
    dockerd.answers[f"GET /images/{reference}/json"] = as_json({})
    claim(docker, "ci")
    assert RECORD.read().images == ()


def test_somebody_elses_builder_of_that_name_is_copied_once(docker: Docker, homes: Path) -> None:
    path = put_entry(homes, "ci", "theirs")
    (copy,) = claim(docker, "ci").users.values()
    assert copy is not None
    path.write_text("ours")
    assert claim(docker, "ci", "jane").users == {"ci": copy, "jane": None}
    assert at(copy).read_text() == "theirs"


def test_nodes_that_came_later_or_went_stay_remembered(docker: Docker) -> None:
    claim(docker, "ci")
    later = claim(docker, "ci", nodes=(Node("multiarch1"),))
    assert [each.name for each in later.nodes] == ["multiarch0", "multiarch1"]


def test_what_was_put_back_is_not_ours(docker: Docker) -> None:
    claim(docker, "ci", "jane")
    ours.release("multiarch", ["ci"])
    assert list(ours.builders()["multiarch"].users) == ["jane"]
    ours.forget("multiarch")
    assert record.load("buildx").keys() == {"images"}


MARK = {"rendered": "x", "stored": digest(NODE.files["buildkitd.toml"])}


@pytest.mark.parametrize(
    ("entry", "mark", "is_ours"),
    [
        pytest.param(STORED, MARK, True, id="as we made it"),
        pytest.param(STORED, None, True, id="killed before it was known what buildx made of it"),
        pytest.param("broken", MARK, True, id="broken: of no use to anybody"),
        pytest.param(replace(STORED, driver="remote"), MARK, False, id="another driver"),
        pytest.param(
            replace(STORED, nodes=(replace(NODE, files={}),)), MARK, False, id="made anew by hand, without our settings"
        ),
    ],
)
def test_which_entry_is_ours(
    entry: StoredBuilder | str, mark: dict[str, str] | None, is_ours: bool, docker: Docker
) -> None:
    own = claim(docker, "ci")
    if mark:
        record.save("buildx", {**record.load("buildx"), "configurations": {"multiarch": mark}})
    assert ours.is_ours(own, entry) is is_ours


def test_the_choice_before_us_is_remembered_once(homes: Path) -> None:
    store = homes / "ci/.docker/buildx"
    (store / "defaults").mkdir(parents=True)
    (store / "current").write_text("theirs")
    (store / "defaults/0a").write_text("mine")
    ours.note_choice("ci")
    (store / "current").write_text("ours")
    ours.note_choice("ci")
    ours.note_choice("jane")
    assert ours.choice("ci") == {"current": "theirs", "defaults/0a": "mine"}
    assert ours.choice("jane") == {"current": None}
    for user in ("ci", "jane"):
        ours.settle_choice(user)
    assert list(record.load("buildx")["choices"]) == ["ci"], "it is not the present one"
    (store / "current").write_text("theirs")
    ours.settle_choice("ci")
    assert record.load("buildx") == {}


@pytest.mark.parametrize(
    ("instances", "users", "told"),
    [
        pytest.param(["multiarch"], ["ci", "jane"], None, id="all asked for"),
        pytest.param(["Multiarch"], ["ci", "jane"], None, id="in other letters"),
        pytest.param([], ["ci", "jane"], "builder multiarch of ci is", id="the builder left"),
        pytest.param(["multiarch"], ["jane"], "builder multiarch of ci is", id="the user left"),
        pytest.param(["multiarch"], ["ci"], None, id="a user who has no entry left"),
    ],
)
def test_what_no_variable_names_any_more_is_told(
    instances: list[str], users: list[str], told: str | None, docker: Docker, homes: Path
) -> None:
    claim(docker, "ci", "jane")
    put_entry(homes, "ci")
    notes = ours.leftover_notes(instances, users, docker)
    expected = (
        f"{told} managed but no longer in any variable: retire-builders.yml -e builder_retire_only=leftovers removes it"
    )
    assert notes == ([expected] if told else [])


LOOP = {"Running": True, "Restarting": True, "ExitCode": 1}


@pytest.mark.parametrize(
    ("instances", "state", "told"),
    [
        pytest.param(["multiarch"], LOOP, None, id="asked for: it is mended"),
        pytest.param([], LOOP, ", and its container restarts again and again (exit status 1)", id="in a loop"),
        pytest.param([], {"Running": True}, "", id="runs"),
        pytest.param([], None, None, id="there is none"),
    ],
)
def test_a_container_of_a_builder_that_nobody_has_is_told(
    instances: list[str], state: dict[str, t.Any] | None, told: str | None, docker: Docker, dockerd: DockerdStandIn
) -> None:
    """As a run leaves it whose builder did not start."""
    claim(docker, "ci")
    ours.release("multiarch", ["ci"])
    name = "buildx_buildkit_multiarch0"
    if state is not None:
        dockerd.answers[f"GET /containers/{name}/json"] = as_json({"State": state})
        dockerd.answers["GET /containers/json"] = as_json([{"Names": [f"/{name}"]}])
    expected = (
        f"builder multiarch is managed but no longer in any variable{told}: retire-builders.yml -e "
        "builder_retire_only=leftovers removes it"
    )
    assert ours.leftover_notes(instances, ["ci"], docker) == ([] if told is None else [expected])
    assert ours.leftover_notes([], ["ci"], None) == []
