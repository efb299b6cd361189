# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Homes of users who build: some have none, or one in which they may not write."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.homes import may_write, require_home
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.host_users import TheseUsers

ME, OTHER = os.geteuid(), 65000


@pytest.mark.parametrize(
    ("uid", "mode", "told"),
    [
        pytest.param(ME, 0o700, "", id="its own"),
        pytest.param(0, 0o755, "", id="root's, of root"),
        pytest.param(OTHER, 0o777, "", id="everybody's"),
        pytest.param(OTHER, 0o755, "'ci' may not write to its home folder, /srv/ci has mode 0755 and", id="root's"),
        pytest.param(OTHER, None, "'ci' has no home folder, /srv/ci does not exist", id="none"),
    ],
)
@pytest.mark.skipif(ME != 0, reason="root alone sees as another user")
def test_homes(uid: int, mode: int | None, told: str, tmp_path: Path) -> None:
    if mode is not None:
        (tmp_path / "srv/ci").mkdir(parents=True)
        (tmp_path / "srv/ci").chmod(mode)
    entry = pwd.struct_passwd(("ci", "x", uid, OTHER, "", "/srv/ci", "/bin/false"))
    with standing_on(replace(here(), users=TheseUsers({"ci": entry}))):
        if not told:
            require_home("ci")
            return
        with pytest.raises(HostError, match=told):
            require_home("ci")


@pytest.mark.parametrize(
    ("mode", "uid", "groups", "may"),
    [
        (0o700, 1000, (1000,), True),
        (0o500, 1000, (1000,), False),
        (0o070, 1000, (1000,), False),  # the owner's own bits count
        (0o770, 1001, (1000,), True),
        (0o770, 1001, (5,), False),
        (0o772, 1001, (5,), False),  # to write one has to enter, too
        (0o773, 1001, (5,), True),
        (0o1777, 1001, (5,), True),
        (0o000, 0, (0,), True),
    ],
)
def test_who_may_write(mode: int, uid: int, groups: tuple[int, ...], may: bool) -> None:
    found = os.stat_result((0o40000 | mode, 0, 0, 0, 1000, 1000, 0, 0, 0, 0))
    assert may_write(found, uid, groups) is may
