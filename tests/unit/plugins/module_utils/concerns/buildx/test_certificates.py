# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates replaced where they are: in a container at a stand-in for dockerd, and in a user's store."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.certificates import (
    replace_in_container,
    replace_in_store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import (
    ENTRY,
    NODE,
    WANTED,
    entry,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    Answer,
    DockerdStandIn,
    as_json,
    unpacked,
)

Programs = Callable[[str, str], Path]

NAME = "buildx_buildkit_multiarch0"
ROTATED = replace(WANTED, certificates={"harbor.lab.test/ca.crt": "new CA\n", "a_5000/client.key": "new key\n"})
FILES = {"certs/harbor.lab.test/ca.crt": b"new CA\n", "certs/a_5000/client.key": b"new key\n"}


def put(dockerd: DockerdStandIn) -> list[dict[str, bytes]]:
    """What was put into the container, archive by archive."""
    asked = [each for each in dockerd.asked if each.method == "PUT"]
    assert all(each.path.endswith(f"/containers/{NAME}/archive?path=%2Fetc%2Fbuildkit") for each in asked)
    return [unpacked(each.body) for each in asked]


def moves(calls: Path) -> list[str]:
    return calls.read_text().splitlines()


MOVES = [f"exec {NAME} mv -f /etc/buildkit/{name}.new /etc/buildkit/{name}" for name in FILES]


def test_no_connection_reads_half_a_file(dockerd: DockerdStandIn, docker: Docker, programs: Programs) -> None:
    """Each comes beside the former one, and takes its place in one move."""
    dockerd.answers[f"PUT /containers/{NAME}/archive"] = Answer()
    calls = programs("docker", "")
    replace_in_container(docker, NAME, ROTATED.certificates)
    assert put(dockerd) == [{f"{name}.new": content for name, content in FILES.items()}]
    assert moves(calls) == MOVES


@pytest.mark.parametrize(
    ("script", "again"),
    [
        pytest.param(
            "exit 1", list(FILES), id="it does not run, or has no mv: nobody reads meanwhile, or for a moment"
        ),
        pytest.param(
            'case "$*" in *ca.crt) exit 1 ;; esac', ["certs/harbor.lab.test/ca.crt"], id="one cannot be moved"
        ),
    ],
)
def test_what_cannot_be_moved_is_written_in_place(
    script: str, again: list[str], dockerd: DockerdStandIn, docker: Docker, programs: Programs
) -> None:
    dockerd.answers[f"PUT /containers/{NAME}/archive"] = Answer()
    calls = programs("docker", script)
    replace_in_container(docker, NAME, ROTATED.certificates)
    assert put(dockerd)[1:] == [{name: FILES[name]} for name in again]
    assert moves(calls) == MOVES


def test_a_container_that_is_gone_is_told(dockerd: DockerdStandIn, docker: Docker, programs: Programs) -> None:
    dockerd.answers[f"PUT /containers/{NAME}/archive"] = as_json({"message": f"No such container: {NAME}"}, 404)
    calls = programs("docker", "")
    with pytest.raises(HostError, match=f"No such container: {NAME}"):
        replace_in_container(docker, NAME, ROTATED.certificates)
    assert not calls.exists()


@pytest.fixture
def stored(homes: Path) -> Path:
    """The entry of the builder in the store of the user `ci`, as recorded."""
    path = homes / "ci/.docker/buildx/instances/multiarch"
    path.parent.mkdir(parents=True)
    path.write_text(ENTRY)
    path.chmod(0o644)
    return path


def test_the_entry_has_the_new_ones_and_all_else_as_it_was(stored: Path) -> None:
    replace_in_store("ci", ROTATED)
    assert store.parse(stored.read_text()).nodes[0].files == {
        "buildkitd.toml": NODE.files["buildkitd.toml"],
        **FILES,
    }
    before, after = json.loads(ENTRY), json.loads(stored.read_text())
    for document in (before, after):
        del document["Nodes"][0]["Files"]
    assert after == before
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600, "it has keys"
    assert [each.name for each in stored.parent.iterdir()] == ["multiarch"]


def test_the_former_entry_is_backed_up_for_root_alone(stored: Path, home: Path) -> None:
    replace_in_store("ci", ROTATED)
    (copy,) = (home / "backups").iterdir()
    assert (copy.read_text(), stat.S_IMODE(copy.stat().st_mode)) == (ENTRY, 0o600)
    assert stored.read_text() != ENTRY


def test_the_name_is_in_lower_case_in_the_store(stored: Path) -> None:
    stored.write_text(entry(Files=None))
    replace_in_store("ci", replace(ROTATED, name="MultiArch"))
    assert store.parse(stored.read_text()).nodes[0].files == FILES


def test_an_entry_that_went_away_is_told(homes: Path, home: Path) -> None:
    path = homes / "ci/.docker/buildx/instances/multiarch"
    with pytest.raises(HostError) as caught:
        replace_in_store("ci", ROTATED)
    assert str(caught.value) == f"{path} disappeared during the run: run again"
    assert not path.exists()
    assert not home.exists()
