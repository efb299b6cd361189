# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who comes into the group docker, and who goes out of it again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.docker_group import (
    Membership,
    actions_for,
    groups_of,
    observe,
    require,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.host_users import TheseUsers

USERS = ("root", "ci")
IN = "add ci to the group docker (root-equivalent on this host)"
OUT = "remove ci from the group docker (root-equivalent on this host)"


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


OUTSIDE = Membership("docker", ("ci",), refused={"ci": "permission denied"})
TO_THE_GROUP = ": add the user to the group docker, or set builder_docker_group to true"


@pytest.mark.parametrize(
    ("found", "users", "docker", "told"),
    [
        pytest.param(OUTSIDE, ("root",), True, None, id="not needed by who is outside"),
        pytest.param(Membership("docker", ("ci",)), USERS, True, None, id="outside, with a Docker all the same"),
        pytest.param(OUTSIDE, USERS, True, "ci may not use Docker (permission denied)", id="refused"),
        pytest.param(OUTSIDE, USERS, False, "ci may not use Docker once it is installed", id="Docker comes"),
    ],
)
def test_who_may_not_use_docker(found: Membership, users: tuple[str, ...], docker: bool, told: str | None) -> None:
    if told is None:
        require(users, found, docker=docker)
        return
    with pytest.raises(HostError) as caught:
        require(users, found, docker=docker)
    assert str(caught.value).startswith(told + TO_THE_GROUP)


@pytest.mark.usefixtures("homes")
@pytest.mark.parametrize(
    ("socket", "name", "group", "member"),
    [
        pytest.param(False, "builds", "docker", False, id="no docker yet: the usual group"),
        pytest.param(True, "builds", "builds", True, id="the socket's"),
        pytest.param(True, "root", "docker", False, id="root's own is none"),
        pytest.param(True, None, "docker", False, id="a number without a name"),
    ],
)
def test_whose_group_it_is(socket: bool, name: str | None, group: str, member: bool, tmp_path: Path) -> None:
    if socket:
        (tmp_path / "var/run").mkdir(parents=True)
        (tmp_path / "var/run/docker.sock").touch()
    ci = here().users.named("ci")
    ordinary = TheseUsers({"ci": type(ci)((*ci[:2], 1234, *ci[3:]))}, {ci.pw_gid: name} if name else {})
    with standing_on(replace(here(), users=ordinary)):
        assert observe(["ci"]) == Membership(group, () if member else ("ci",))
        assert groups_of("ci") == ({name} if name else set())
