# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a user's store hold secrets, and what is told of those that are open to others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import store_rights
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import (
    RestoreRights,
    fault,
    look,
    restore,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner


@pytest.fixture
def store(homes: Path) -> Path:
    """The store of `ci`, as buildx makes it."""
    folder = homes / "ci/.docker/buildx/instances"
    folder.mkdir(parents=True, mode=0o700)
    for name in ("multiarch", "theirs"):
        (folder / name).write_text("{}")
        (folder / name).chmod(0o600)
    return folder


@pytest.mark.parametrize(
    ("path", "mode", "told"),
    [
        pytest.param("multiarch", 0o600, "", id="as buildx makes it"),
        pytest.param("multiarch", 0o666, "instances/multiarch has mode 0666, not 0600", id="everybody may write it"),
        pytest.param("multiarch", 0o640, "instances/multiarch has mode 0640, not 0600", id="a group may read it"),
        pytest.param("theirs", 0o666, "", id="another builder of the user's is the user's"),
        pytest.param(".", 0o757, "/instances has mode 0757, not 0755", id="all may put entries there"),
        pytest.param("../..", 0o757, "/.docker has mode 0757, not 0755", id="all may put a store there"),
        pytest.param("../..", 0o755, "", id="others may look"),
    ],
)
def test_what_is_open_to_others(path: str, mode: int, told: str, store: Path) -> None:
    (store / path).chmod(mode)
    found = store_rights.observe(["ci"], ["Multiarch"])
    assert [words.endswith(told) for words in found.values()] == [True] * bool(told)
    actions = store_rights.actions_for(found)
    assert [type(each.step) for each in actions] == [RestoreRights] * bool(told)
    for action in actions:
        assert isinstance(action.step, RestoreRights)
        restore(action.step)
    assert store_rights.observe(["ci"], ["Multiarch"]) == {}


def test_a_user_without_a_store_has_nothing_to_close(homes: Path) -> None:
    assert not (homes / "jane/.docker").exists()
    assert store_rights.observe(["jane"], ["multiarch"]) == {}


def test_an_entry_of_root_in_a_users_store_is_told(store: Path) -> None:
    rights = store_rights.rights_of(str(store.parent), ["multiarch"], Owner(os.geteuid() + 1, 7))
    found = fault(look(f"{store}/multiarch"), rights[-1])
    assert found == f"{store}/multiarch belongs to user {os.geteuid()}, not to {os.geteuid() + 1}"
