# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What trust does, in words: who is logged out and why, what is removed and why. test_resource.py has the secrets."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import Login, Logout, Place
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.messages import (
    of_file,
    of_login,
    of_logout,
    of_removal,
    reason,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner, RemoveFile, WriteFile

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
            "drop the login of ci to harbor.example.com from the record: it was removed or changed by someone else",
            id="changed by somebody else",
        ),
    ],
)
def test_of_logout(
    server: str, ours: bool, registries: tuple[Registry, ...], users: tuple[str, ...], words: str
) -> None:
    step = Logout(Place("ci", server, None), ours)
    assert of_logout(step, reason(step, registries, users)) == words


@pytest.mark.parametrize(
    ("size", "link", "end"),
    [
        pytest.param(1, None, "…)", id="one"),
        pytest.param(3, None, "…)", id="three"),
        pytest.param(150, None, "…, and 147 more)", id="a bundle of all public CAs"),
        pytest.param(1, "/bundle", "…), in place of the link to /bundle", id="in place of a link"),
    ],
)
def test_of_file(size: int, link: str | None, end: str) -> None:
    block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    words = of_file(WriteFile("/ca.crt", block * size), link)
    assert words.startswith("write /ca.crt (certificate sha256:")
    assert words.endswith(end)
    assert words.count("sha256:") == min(size, 3)


@pytest.mark.parametrize(
    ("owner", "why"),
    [
        pytest.param(None, "no longer in builder_registries", id="of the host"),
        pytest.param(Owner(1000, 1000), "no longer wanted for a rootless Docker", id="of a user"),
    ],
)
def test_why_a_file_goes(owner: Owner | None, why: str) -> None:
    assert reason(RemoveFile("/x/ca.crt", owner=owner), (), ()) == f", {why}"


@pytest.mark.parametrize(
    ("was_theirs", "words"),
    [
        pytest.param(False, "remove /x/ca.crt", id="ours"),
        pytest.param(True, "restore /x/ca.crt to its previous content", id="theirs comes back"),
    ],
)
def test_what_goes_or_comes_back(was_theirs: bool, words: str) -> None:
    assert of_removal(RemoveFile("/x/ca.crt"), was_theirs=was_theirs) == words


def test_a_login_of_somebody_else_that_ours_takes_the_place_of_is_told_before_and_after() -> None:
    login = Login("ci", HARBOR)
    assert of_login(login, "alice").endswith(", in place of alice, whose login is not kept")
    told = of_logout(Logout(Place("ci", HARBOR.host, None), ours=True), "", replaced="alice")
    assert told == f"log ci out of {HARBOR.host}; alice has to log in again, that login was not kept"
