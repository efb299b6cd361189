# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's ~/.docker: what came with us goes, what was there before and what others put there stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_dir
from ansible_collections.multiarch.builders.plugins.module_utils.state.config_dir import (
    before,
    note,
    tidy,
    untidy,
)

# What buildx 0.29 leaves in a home that had no ~/.docker, once its builders are gone.
LEFT = (
    ".token_seed",
    ".token_seed.lock",
    "buildx/.buildNodeID",
    "buildx/.lock",
    "buildx/current",
    "buildx/activity/",
    "buildx/defaults/",
    "buildx/instances/",
    "buildx/refs/",
)

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def folder(homes: Path) -> Path:
    """The folder of ci; it is not there yet."""
    return homes / "ci/.docker"


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.touch()


def names(folder: Path) -> list[str]:
    return sorted(f"{each.relative_to(folder)}{'/' * each.is_dir()}" for each in folder.rglob("*"))


def test_all_of_it_came_with_us(folder: Path) -> None:
    note("ci")
    put(folder, *LEFT)
    assert untidy() == ("ci",)
    tidy("ci")
    assert not folder.exists()
    assert untidy() == ()


@pytest.mark.parametrize(
    ("before", "since", "stays"),
    [
        pytest.param(["config.json"], LEFT[2:], ["config.json"], id="the store came with us"),
        pytest.param(["buildx/current"], LEFT, [*LEFT, "buildx/"], id="all was there"),
        pytest.param([], [*LEFT, "config.json"], ["config.json"], id="a login since"),
        pytest.param(
            [], [*LEFT, "buildx/instances/mine"], [*LEFT[2:], "buildx/", "buildx/instances/mine"], id="a builder since"
        ),
        pytest.param(
            [],
            [*LEFT, "buildx/buildkitd.default.toml"],
            [*LEFT[2:], "buildx/", "buildx/buildkitd.default.toml"],
            id="a configuration for builders since",
        ),
        pytest.param(
            [],
            [*LEFT, "buildx/refs/mine/0/x"],
            [*LEFT[2:], "buildx/", "buildx/refs/mine/", "buildx/refs/mine/0/", "buildx/refs/mine/0/x"],
            id="builds with another builder since",
        ),
    ],
)
def test_what_others_have_there_stays(before: list[str], since: list[str], stays: list[str], folder: Path) -> None:
    put(folder, *before)
    note("ci")
    put(folder, *since)
    note("ci")  # a later run
    tidy("ci")
    assert names(folder) == sorted(stays)


def test_of_a_user_of_whom_nothing_is_known_nothing_goes(folder: Path) -> None:
    put(folder, *LEFT)
    assert before("ci").folder
    tidy("ci")
    assert names(folder) == sorted([*LEFT, "buildx/"])


def test_a_user_who_is_gone_has_nothing_to_tidy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note("ci")
    put(folder, *LEFT)
    monkeypatch.setattr(config_dir, "is_user", lambda _name: False)
    assert untidy() == ()
