# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line that names the default builder, in a file that others write too."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.buildx import environment
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.environment import actions_for, with_line
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.buildx.recorded import WANTED

LINE = "BUILDX_BUILDER=multiarch\n"


@pytest.mark.parametrize(
    ("text", "builder", "then"),
    [
        pytest.param("", "multiarch", LINE, id="an empty file"),
        pytest.param("A=1\n", "multiarch", f"A=1\n{LINE}", id="at the end"),
        pytest.param("A=1", "multiarch", f"A=1\n{LINE}", id="after a last line without its end"),
        pytest.param("BUILDX_BUILDER=old\nA=1\n", "multiarch", f"{LINE}A=1\n", id="in place of another"),
        pytest.param("export BUILDX_BUILDER='old'\n", "multiarch", LINE, id="in place of an exported one"),
        pytest.param(f"{LINE}A=1\nBUILDX_BUILDER=b\n", "multiarch", f"{LINE}A=1\n", id="once, where the first was"),
        pytest.param(LINE, "multiarch", LINE, id="there already"),
        pytest.param(f"A=1\n{LINE}B=2\n", None, "A=1\nB=2\n", id="taken out"),
        pytest.param("# BUILDX_BUILDER=b\n", "multiarch", f"# BUILDX_BUILDER=b\n{LINE}", id="a comment is no line"),
        pytest.param("MY_BUILDX_BUILDER=b\n", None, "MY_BUILDX_BUILDER=b\n", id="another name stays"),
    ],
)
def test_with_line(text: str, builder: str | None, then: str) -> None:
    assert with_line(text, builder) == then


def applied(path: str | None, *, default: bool = True) -> list[str]:
    actions = actions_for(path, [replace(WANTED, default=default)])
    for action in actions:
        assert isinstance(action.step, environment.WriteEnvironment)
        environment.apply(action.step)
    return [action.summary for action in actions]


@pytest.mark.usefixtures("home")
def test_the_line_comes_follows_the_variable_and_goes(tmp_path: Path) -> None:
    first, second = tmp_path / "environment", tmp_path / "runner.env"
    first.write_text("LANG=C\n")
    first.chmod(0o640)
    assert applied(str(first)) == [f"name builder multiarch in {first}"]
    assert first.read_text() == f"LANG=C\n{LINE}"
    assert first.stat().st_mode & 0o777 == 0o640
    assert applied(str(first)) == []

    told = applied(str(second))
    assert told == [f"name builder multiarch in {second}", f"name no builder any more in {first}"]
    assert (first.read_text(), second.read_text()) == ("LANG=C\n", LINE)

    assert applied(str(second), default=False) == [f"name no builder any more in {second}"]
    assert not second.exists(), "it was not there before us"
    assert applied(None) == []


@pytest.mark.usefixtures("home")
def test_a_users_link_shows_and_changes_nothing_of_roots() -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder, secret = Path(name, "runner"), Path(name, "secret")
        Path(name).chmod(0o755)
        folder.mkdir()
        os.chown(folder, 12345, 12345)
        secret.write_text("PASSWORD=hunter2\n")
        secret.chmod(0o600)
        (folder / ".env").symlink_to(secret)
        with pytest.raises(HostError, match=r"cannot be read: .*Permission denied"):
            applied(str(folder / ".env"))
        assert secret.read_text() == "PASSWORD=hunter2\n"

        (folder / ".env").unlink()
        assert applied(str(folder / ".env")) == [f"name builder multiarch in {folder}/.env"]
        assert (folder / ".env").stat().st_uid == 12345


@pytest.mark.usefixtures("home")
def test_a_line_of_somebody_else_stays_where_none_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "environment"
    path.write_text("BUILDX_BUILDER=theirs\n")
    assert applied(None) == []
    assert path.read_text() == "BUILDX_BUILDER=theirs\n"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("LANG=C\n", id="no line"),
        pytest.param("LANG=C", id="a last line without its end"),
        pytest.param("", id="empty"),
        pytest.param("A=1\nBUILDX_BUILDER=theirs\nB=2\n", id="another builder"),
        pytest.param("A=1\nexport BUILDX_BUILDER='theirs'", id="another builder, exported, without its end"),
    ],
)
def test_the_file_is_as_it_was_when_ours_goes(text: str, tmp_path: Path) -> None:
    path = tmp_path / "environment"
    path.write_text(text)
    applied(str(path))
    assert LINE in path.read_text()
    (told,) = applied(None)
    assert ("but the one from before us" in told) is ("theirs" in text)
    assert path.read_text() == text
    assert environment.remembered() == {}


@pytest.mark.usefixtures("home")
def test_a_line_that_somebody_changed_since_stays(tmp_path: Path) -> None:
    path = tmp_path / "environment"
    applied(str(path))
    path.write_text("BUILDX_BUILDER=theirs\n")
    assert applied(None) == []
    assert path.read_text() == "BUILDX_BUILDER=theirs\n"
