# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who comes into the group docker, and who goes out of it again."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.docker_group import (
    Membership,
    actions_for,
)

USERS = ("root", "ci")
IN = "put ci into the group docker (root-equivalent on this host)"
OUT = "take ci out of the group docker (root-equivalent on this host)"


@pytest.mark.parametrize(
    ("asked", "users", "outside", "ours", "then"),
    [
        pytest.param(True, USERS, ("ci",), (), [IN], id="asked for, and outside"),
        pytest.param(True, USERS, (), (), [], id="a member already"),
        pytest.param(False, USERS, ("ci",), (), [], id="outside, and not asked for"),
        pytest.param(False, USERS, (), (), [], id="somebody else's member stays"),
        pytest.param(False, USERS, (), ("ci",), [OUT], id="ours, and not asked for any more"),
        pytest.param(True, ("root",), (), ("ci",), [OUT], id="ours, and no user of the builders any more"),
        pytest.param(True, USERS, (), ("ci",), [], id="ours, and still asked for"),
        pytest.param(True, USERS, ("ci",), ("ci",), [IN], id="ours, and somebody took the user out"),
    ],
)
def test_members(
    asked: bool, users: tuple[str, ...], outside: tuple[str, ...], ours: tuple[str, ...], then: list[str]
) -> None:
    found = actions_for(asked, users, Membership("docker", outside, ours))
    assert [action.summary for action in found] == then
