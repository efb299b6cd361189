# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What trust does, in words: who is logged out and why, what is removed and why. test_resource.py has the secrets."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.files import Owner, RemoveFile
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.trust.login import Place
from ansible_collections.multiarch.builders.plugins.module_utils.trust.owned_logins import Logout
from ansible_collections.multiarch.builders.plugins.module_utils.trust.words import of_logout, of_removal

HARBOR = Registry("harbor.example.com", username="robot$ci", password="x")
HUB = "https://index.docker.io/v1/"
OUT = "log ci out of harbor.example.com, "


@pytest.mark.parametrize(
    ("server", "ours", "registries", "users", "words"),
    [
        pytest.param(HARBOR.host, True, (), ("ci",), OUT + "no longer in builder_registries", id="left the table"),
        pytest.param(
            HARBOR.host,
            True,
            (Registry(HARBOR.host),),
            ("ci",),
            OUT + "no longer in builder_registries",
            id="its row has no login any more",
        ),
        pytest.param(HARBOR.host, True, (HARBOR,), ("root",), OUT + "no longer in builder_users", id="the user left"),
        pytest.param(HARBOR.host, True, (), (), OUT + "no longer in builder_users", id="both left"),
        pytest.param(
            HARBOR.host,
            True,
            (HARBOR,),
            ("ci",),
            OUT + "as config.json names another place for that login now",
            id="a helper came or went",
        ),
        pytest.param(
            HUB, True, (HARBOR,), ("ci",), "log ci out of docker.io, no longer in builder_registries", id="Docker Hub"
        ),
        pytest.param(
            HARBOR.host,
            False,
            (),
            (),
            "forget that we logged ci in to harbor.example.com: that login is gone, or somebody else's now",
            id="changed by somebody else",
        ),
    ],
)
def test_of_logout(
    server: str, ours: bool, registries: tuple[Registry, ...], users: tuple[str, ...], words: str
) -> None:
    assert of_logout(Logout(Place("ci", server, None), ours), registries, users) == words


@pytest.mark.parametrize(
    ("owner", "why"),
    [
        pytest.param(None, "no longer in builder_registries", id="of the host"),
        pytest.param(Owner(1000, 1000), "no longer wanted for a rootless Docker", id="of a user"),
    ],
)
def test_of_removal(owner: Owner | None, why: str) -> None:
    assert of_removal(RemoveFile("/x/ca.crt", owner=owner)) == f"remove /x/ca.crt, {why}"
