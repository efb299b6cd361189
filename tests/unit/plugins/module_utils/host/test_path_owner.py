# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With whose rights a path is touched: of whoever could lead it elsewhere."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.path_owner import owner_on_the_way
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import Host, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner

CI, JANE = Owner(12345, 12345), Owner(12346, 12346)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another user")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of root with one of `ci` and one of `jane` in it."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        (folder / "etc").mkdir()
        (folder / "etc/shadow").write_text("secret\n")
        for user, owner in (("ci", CI), ("jane", JANE)):
            (folder / user).mkdir()
            (folder / user / ".env").write_text("A=1\n")
            for each in (folder / user, folder / user / ".env"):
                os.chown(each, owner.uid, owner.gid)
        with standing_on(Host()):
            yield folder


@pytest.mark.parametrize(
    ("links", "path", "owner"),
    [
        pytest.param({}, "etc/environment", None, id="root's, not there yet"),
        pytest.param({}, "etc/shadow", None, id="root's"),
        pytest.param({}, "missing/environment", None, id="a folder that is not there"),
        pytest.param({}, "ci/.env", CI, id="a user's"),
        pytest.param({}, "ci/new", CI, id="a user's, not there yet"),
        pytest.param({}, "etc/../ci/.env", CI, id="a way up"),
        pytest.param({"ci/link": "../etc/shadow"}, "ci/link", CI, id="a user's link to root's file"),
        pytest.param({"ci/link": "{place}/etc"}, "ci/link/shadow", CI, id="a user's link to root's folder"),
        pytest.param({"etc/link": "../ci/.env"}, "etc/link", CI, id="root's link to a user's file"),
        pytest.param({"etc/link": "shadow"}, "etc/link", None, id="root's link to root's file"),
        pytest.param(
            {"etc/link": "{place}/ci/link", "ci/link": "../etc/shadow"}, "etc/link", CI, id="by a user back to root"
        ),
        pytest.param({"ci/link": "../jane/.env"}, "ci/link", CI, id="to another user: the first one"),
        pytest.param({"etc/a": "b", "etc/b": "a"}, "etc/a", None, id="in a circle"),
    ],
)
def test_owner_on_the_way(links: dict[str, str], path: str, owner: Owner | None, place: Path) -> None:
    for name, target in links.items():
        (place / name).symlink_to(target.format(place=place))
        if name.startswith("ci/"):
            os.chown(place / name, CI.uid, CI.gid, follow_symlinks=False)
    assert owner_on_the_way(str(place / path)) == owner


def test_what_everybody_may_replace_is_left_alone(place: Path) -> None:
    (place / "etc").chmod(0o777)
    with pytest.raises(HostError) as caught:
        owner_on_the_way(str(place / "etc/environment"))
    assert str(caught.value) == (
        f"{place}/etc/environment was not changed: every user may replace files in {place}/etc. Revoke that "
        f"with `chmod o-w {place}/etc`, or use a file elsewhere"
    )


def test_with_the_sticky_bit_nobody_may_replace_what_is_anothers(place: Path) -> None:
    (place / "etc").chmod(0o1777)
    assert owner_on_the_way(str(place / "etc/environment")) is None
