# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""containerd's file before and after a move: which way is open, and what the first file was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import CONFIG
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.copy_start import NEVER, Start
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.state import data_moves
from ansible_collections.multiarch.builders.plugins.module_utils.state.data_moves import Move
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records

pytestmark = pytest.mark.usefixtures("systemctl")
A, B, C = "# theirs\n", 'root = "/b"\n# theirs\n', 'root = "/c"\n# theirs\n'
BEGUN = Move("/a", "/b", Start(5.0, 1.0, "boot"), ("builder",))


@pytest.fixture
def config() -> Path:
    path = at(CONFIG)
    path.parent.mkdir(parents=True)
    path.write_text(A)
    path.chmod(0o640)
    return path


@pytest.fixture
def systemctl(programs: Callable[[str, str], Path]) -> Path:
    return programs("systemctl", "")


def test_back_to_the_former_file(config: Path, systemctl: Path) -> None:
    data_moves.note("containerd", BEGUN)
    data_moves.write_config(B, is_original=False)
    assert (config.read_text(), config.stat().st_mode & 0o777, data_moves.is_open()) == (B, 0o640, True)
    data_moves.put_back()
    assert (config.read_text(), config.stat().st_mode & 0o777, data_moves.is_open()) == (A, 0o640, False)
    assert systemctl.read_text() == "restart containerd.service\n"
    assert data_moves.original(A) is None
    move = data_moves.RECORD.read().containerd
    assert move is not None
    assert move.start == NEVER, "what containerd may have changed there is copied again"
    assert move.builders == BEGUN.builders


def test_once_docker_runs_there_is_no_way_back(config: Path, systemctl: Path) -> None:
    data_moves.write_config(B, is_original=False)
    data_moves.settle()
    data_moves.put_back()
    assert config.read_text() == B
    assert not systemctl.exists()


def test_a_file_that_somebody_changed_since_stays(config: Path) -> None:
    data_moves.write_config(B, is_original=False)
    config.write_text(C)
    data_moves.put_back()
    assert config.read_text() == C
    assert data_moves.original(C) is None


def test_without_its_copy_it_is_said_how_to_go_on(config: Path, home: Path) -> None:
    data_moves.write_config(B, is_original=False)
    for each in (home / "backups").iterdir():
        each.unlink()
    with pytest.raises(HostError, match=r"config\.toml cannot be restored, as its copy .* is missing") as caught:
        data_moves.put_back()
    assert (config.read_text(), caught.value.remedy != "") == (B, True)


def test_without_a_file_before() -> None:
    data_moves.write_config(B, is_original=False)
    data_moves.put_back()
    assert not at(CONFIG).exists()


@pytest.mark.usefixtures("config")
def test_the_first_file_is_known_until_it_is_back() -> None:
    for text in (B, C):
        data_moves.write_config(text, is_original=False)
        data_moves.settle()
        first = data_moves.original(text)
        assert first is not None
        assert first.backup is not None
        assert at(first.backup).read_text() == A
    data_moves.write_config(B, is_original=False)
    data_moves.put_back()
    assert data_moves.original(C) == first
    data_moves.write_config(A, is_original=True)
    data_moves.settle()
    assert records.load("data-roots") == {}


A_TO_B = Move("/a", "/b", Start(1.0, 2.0, "x"), ("builder",))


@pytest.mark.parametrize(
    ("known", "now", "wanted", "then"),
    [
        pytest.param(None, "/a", "/b", Move("/a", "/b"), id="the first one"),
        pytest.param(A_TO_B, "/a", "/b", A_TO_B, id="it goes on"),
        pytest.param(A_TO_B, "/a", "/c", Move("/a", "/c"), id="another target"),
        pytest.param(
            replace(A_TO_B, ran=True),
            "/b",
            "/c",
            Move("/b", "/c", builders=("builder",), left=("/a",)),
            id="from where it went",
        ),
        pytest.param(A_TO_B, "/b", "/c", Move("/b", "/c", builders=("builder",), left=("/a",)), id="nobody saw it run"),
        pytest.param(
            replace(A_TO_B, ran=True),
            "/b",
            "/a",
            Move("/b", "/a", builders=("builder",)),
            id="back, once that is empty",
        ),
        pytest.param(
            replace(A_TO_B, ran=True, left=("/z",)),
            "/b",
            "/c",
            Move("/b", "/c", builders=("builder",), left=("/z", "/a")),
            id="once more",
        ),
        pytest.param(
            replace(A_TO_B, ran=True, left=("/z", "/c")), "/a", "/c", Move("/a", "/c", left=("/z",)), id="it came back"
        ),
        pytest.param(A_TO_B, "/elsewhere", "/c", Move("/elsewhere", "/c"), id="somebody else moved it"),
    ],
)
def test_one_move_after_another(known: Move | None, now: str, wanted: str, then: Move) -> None:
    assert data_moves.following(known, now, wanted) == then


def test_the_source_is_the_last_to_be_dropped() -> None:
    data_moves.note("docker", replace(A_TO_B, left=("/z",)))
    data_moves.drop("docker", "/z")
    assert data_moves.RECORD.read().docker == A_TO_B
    data_moves.drop("docker", "/a")
    assert records.load("data-roots") == {}


def test_moves_are_recorded_one_by_one() -> None:
    data_moves.note("docker", BEGUN)
    data_moves.note("containerd", BEGUN)
    data_moves.note("docker", None)
    found = data_moves.RECORD.read()
    assert (found.of("docker"), found.of("containerd")) == (None, BEGUN)
