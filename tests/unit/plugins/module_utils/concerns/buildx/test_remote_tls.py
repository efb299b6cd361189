# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for buildkitds elsewhere: which files each user has, and what becomes of them."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import (
    Builder,
    BuildxState,
    MakeBuilder,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.remote_tls import (
    files,
    leftovers,
    missing,
    placed_options,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.resource import Buildx
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.store import StoredBuilder, StoredNode
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import write
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption, Instance, Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile

USERS = ("ci", "jane")
PLAIN = Node("r1", "tcp://192.0.2.1:1234")
TRUSTED = replace(PLAIN, ca="CA\n")
MUTUAL = replace(TRUSTED, client_cert="certificate\n", client_key="secret key\n")
SECOND = replace(TRUSTED, name="R2", endpoint="tcp://192.0.2.2:1234", ca="other CA\n")


def far(*nodes: Node) -> Instance:
    return Instance("Far", "remote", "", {}, (), False, "", {}, nodes)


def placed(homes: Path) -> dict[str, str]:
    """{path below the homes: content} of all files of ours."""
    found = (each for user in USERS for each in (homes / user).rglob("*") if each.is_file())
    return {str(each.relative_to(homes)): each.read_text() for each in found if "multiarch-builders" in str(each)}


def place(found: Iterable[WriteFile]) -> None:
    for each in found:
        write(each)


BELOW = ".docker/multiarch-builders/far"


@pytest.mark.parametrize(
    ("node", "named"),
    [
        pytest.param(PLAIN, {}, id="no TLS"),
        pytest.param(TRUSTED, {"cacert": "r1/cacert.pem"}, id="its CA"),
        pytest.param(MUTUAL, {"cacert": "r1/cacert.pem", "cert": "r1/cert.pem", "key": "r1/key.pem"}, id="mutual TLS"),
        pytest.param(SECOND, {"cacert": "r2/cacert.pem"}, id="a folder for each node, in lower case"),
    ],
)
@pytest.mark.parametrize("user", USERS)
def test_the_drivers_options_name_files_of_the_user(node: Node, named: dict[str, str], user: str, homes: Path) -> None:
    """docker/buildx, driver/remote/factory.go: absolute paths"""
    expected = {name: f"{homes}/{user}/{BELOW}/{path}" for name, path in named.items()}
    assert placed_options(far(node), node, user) == expected
    assert [each.path for each in files(far(node), user)] == list(expected.values())


def test_each_user_has_the_files_of_all_nodes_and_nobody_else_reads_them(homes: Path) -> None:
    place(missing(far(MUTUAL, SECOND), USERS))
    assert placed(homes) == {
        f"{user}/{BELOW}/{path}": content
        for user in USERS
        for path, content in {
            "r1/cacert.pem": "CA\n",
            "r1/cert.pem": "certificate\n",
            "r1/key.pem": "secret key\n",
            "r2/cacert.pem": "other CA\n",
        }.items()
    }
    for path in placed(homes):
        assert stat.S_IMODE((homes / path).stat().st_mode) == 0o600
        assert stat.S_IMODE((homes / path).parent.stat().st_mode) == 0o700
    assert missing(far(MUTUAL, SECOND), USERS) == ()


@pytest.mark.parametrize(
    ("node", "written"),
    [
        pytest.param(MUTUAL, [], id="as they are"),
        pytest.param(replace(MUTUAL, ca="new CA\n"), ["cacert"], id="the CA"),
        pytest.param(
            replace(MUTUAL, client_cert="new certificate\n", client_key="new key\n"), ["cert", "key"], id="the pair"
        ),
        pytest.param(TRUSTED, [], id="no pair any more: removed at the end"),
        pytest.param(replace(MUTUAL, name="r3"), ["cacert", "cert", "key"], id="a node of another name"),
    ],
)
def test_what_changes_is_written(node: Node, written: list[str], homes: Path) -> None:
    place(missing(far(MUTUAL), USERS))
    folders = [f"{homes}/{user}/{BELOW}/{node.name}" for user in USERS]
    expected = [f"{folder}/{name}.pem" for folder in folders for name in written]
    assert [each.path for each in missing(far(node), USERS)] == expected


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o400])
def test_a_mode_that_was_changed_is_mended(mode: int, homes: Path) -> None:
    place(missing(far(TRUSTED), ("ci",)))
    path = homes / "ci" / BELOW / "r1/cacert.pem"
    path.chmod(mode)
    place(missing(far(TRUSTED), ("ci",)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("wanted", "removed"),
    [
        pytest.param(far(MUTUAL), [], id="all asked for"),
        pytest.param(far(TRUSTED), ["cert", "key"], id="no pair any more"),
        pytest.param(far(PLAIN), ["cacert", "cert", "key"], id="no TLS any more"),
        pytest.param(
            replace(far(PLAIN), driver="docker-container"), ["cacert", "cert", "key"], id="another driver, without TLS"
        ),
        pytest.param(far(replace(PLAIN, name="r2")), ["cacert", "cert", "key"], id="another node"),
    ],
)
def test_what_is_no_longer_asked_for_is_removed(wanted: Instance, removed: list[str], homes: Path) -> None:
    place(missing(far(MUTUAL), USERS))
    folders = [f"{homes}/{user}/{BELOW}/r1" for user in USERS]
    assert sorted(each.path for each in leftovers(wanted, USERS)) == [
        f"{folder}/{name}.pem" for folder in folders for name in removed
    ]


# Entries as buildx 0.13.1 and 0.29.1 wrote them (recorded), with the paths of the users.
def entry(user: str, *nodes: Node) -> StoredBuilder:
    wanted = far(*nodes)
    found = (StoredNode(each.name.lower(), each.endpoint, placed_options(wanted, each, user), (), {}) for each in nodes)
    return StoredBuilder("Far", "remote", tuple(found))


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        pytest.param((MUTUAL,), (MUTUAL,), [], id="as it is"),
        pytest.param(
            (MUTUAL,),
            (replace(MUTUAL, client_cert="new certificate\n", client_key="new key\n"),),
            [WriteFile, WriteFile],
            id="a rotation writes files: buildx reads them at every connection",
        ),
        pytest.param(
            (PLAIN,), (TRUSTED,), [WriteFile, MakeBuilder], id="TLS for the first time: the file, then the entry"
        ),
        pytest.param((TRUSTED,), (PLAIN,), [MakeBuilder, RemoveFile], id="no TLS any more: the entry, then the file"),
        pytest.param((TRUSTED,), (TRUSTED, SECOND), [WriteFile, MakeBuilder], id="one more node"),
    ],
)
def test_the_plan(
    before: tuple[Node, ...], after: tuple[Node, ...], steps: list[type], homes: Path, no_docker: Docker
) -> None:
    assert homes.exists()
    place(missing(far(*before), ("ci",)))
    wanted = far(*after)
    certificates, outdated = missing(wanted, ("ci",)), leftovers(wanted, ("ci",))
    builder = Builder({}, {"ci": entry("ci", *before)}, {}, None, certificates=certificates, outdated=outdated)
    state = BuildxState({"Far": builder}, ())
    plan = Buildx((wanted,), ("ci",), {}, Disruption("never", 900), no_docker).plan(state, NO_EFFECTS)
    assert [type(action.step) for action in plan.actions] == steps
    assert plan.notes == (), "no build runs here that could be ended"
    assert all(action.difference is None for action in plan.actions if isinstance(action.step, WriteFile)), "of keys"


def test_a_user_that_is_none_is_told() -> None:
    with pytest.raises(HostError, match="builder_users: 'no-such-user' is not a user of this host"):
        files(far(TRUSTED), "no-such-user")
