# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our lines in a file that others write too: the name of the default builder, and settings of the clients."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import environment_file
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.environment_file import (
    actions_for,
    observe,
    wanted_values,
    with_lines,
    without_lines,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import Own
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import Host, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import WANTED

LINE = "BUILDX_BUILDER=multiarch\n"
OURS = {"BUILDX_BUILDER": "multiarch"}


@pytest.mark.parametrize(
    ("text", "values", "then"),
    [
        pytest.param("", OURS, LINE, id="an empty file"),
        pytest.param("A=1\n", OURS, f"A=1\n{LINE}", id="at the end"),
        pytest.param("A=1", OURS, f"A=1\n{LINE}", id="after a last line without its end"),
        pytest.param("BUILDX_BUILDER=old\nA=1\n", OURS, f"{LINE}A=1\n", id="in place of another"),
        pytest.param("export BUILDX_BUILDER='old'\n", OURS, LINE, id="in place of an exported one"),
        pytest.param(f"{LINE}A=1\nBUILDX_BUILDER=b\n", OURS, f"{LINE}A=1\n", id="once, where the first was"),
        pytest.param(LINE, OURS, LINE, id="there already"),
        pytest.param("# BUILDX_BUILDER=b\n", OURS, f"# BUILDX_BUILDER=b\n{LINE}", id="a comment is no line"),
        pytest.param("MY_BUILDX_BUILDER=b\n", OURS, f"MY_BUILDX_BUILDER=b\n{LINE}", id="another name stays"),
        pytest.param("A=1", {"B": "2", "C": "3"}, "A=1\nB=2\nC=3\n", id="several, in their order"),
        pytest.param("C=1\nA=1", {"A": "2", "C": "3"}, "C=3\nA=2\n", id="each in its place"),
        pytest.param("A=1\nA=\n", {"A": "A=1"}, "A=A=1\n", id="a value with a sign of ours"),
        pytest.param("A=1\n", {}, "A=1\n", id="none"),
    ],
)
def test_lines_take_the_place_of_those_of_their_name(text: str, values: dict[str, str], then: str) -> None:
    assert with_lines(text, values) == then
    assert with_lines(then, values) == then


@pytest.mark.parametrize(
    ("text", "own", "then"),
    [
        pytest.param(f"A=1\n{LINE}B=2\n", Own(OURS), "A=1\nB=2\n", id="taken out"),
        pytest.param(f"export {LINE}", Own(OURS), f"export {LINE}", id="exported since: somebody else's"),
        pytest.param("A=9\nB=2\n", Own({"A": "1", "B": "2"}), "A=9\n", id="what somebody changed stays, alone"),
        pytest.param("B=2\n", Own({"A": "1", "B": "2"}, {"A": "A=0\n"}), "", id="what somebody removed stays so"),
        pytest.param("A=1\nC=3\n", Own({"A": "1"}, {"A": "A=0\nA=5\n"}), "A=0\nA=5\nC=3\n", id="the former ones"),
        pytest.param("C=3\nA=1\n", Own({"A": "1"}, ended=False), "C=3", id="the former end"),
        pytest.param(
            "C=3\nA=1\nB=2\n", Own({"A": "1", "B": "2", "D": "4"}, ended=False), "C=3", id="the former end, once"
        ),
    ],
)
def test_what_is_ours_goes(text: str, own: Own, then: str) -> None:
    assert without_lines(text, own) == then


def test_what_is_asked_for_stays_and_so_does_the_end() -> None:
    own = Own({"A": "1", "B": "2"}, {"B": "B=0\n"}, ended=False)
    assert without_lines("C=3\nA=1\nB=2\n", own, {"A": "1"}) == "C=3\nA=1\nB=0\n"


def test_what_the_file_shall_say() -> None:
    other = replace(WANTED, name="other", default=False)
    assert wanted_values([other, WANTED], {"A": "1"}) == {"BUILDX_BUILDER": "multiarch", "A": "1"}
    assert wanted_values([other], {"A": "1"}) == {"A": "1"}


def found(path: str | None, values: dict[str, str]) -> list[Action]:
    return actions_for(observe(path if values else None), path, values)


def applied(path: str | None, values: dict[str, str] | None = None) -> list[str]:
    actions = found(path, OURS if values is None else values)
    for action in actions:
        assert isinstance(action.step, environment_file.WriteEnvironment)
        environment_file.apply(action.step)
    return [action.summary for action in actions]


def test_the_line_comes_follows_the_variable_and_goes(tmp_path: Path) -> None:
    first, second = tmp_path / "environment", tmp_path / "runner.env"
    first.write_text("LANG=C\n")
    first.chmod(0o640)
    assert applied(str(first)) == [f"name builder multiarch in {first}"]
    assert first.read_text() == f"LANG=C\n{LINE}"
    assert first.stat().st_mode & 0o777 == 0o640
    assert applied(str(first)) == []

    told = applied(str(second))
    assert told == [f"name builder multiarch in {second}", f"remove the builder in {first}"]
    assert (first.read_text(), second.read_text()) == ("LANG=C\n", LINE)

    assert applied(str(second), {}) == [f"remove the builder in {second}"]
    assert not second.exists(), "it was not there before us"
    assert applied(None, {}) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_users_link_shows_and_changes_nothing_of_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    # the runner may look into this one, unlike the folders of pytest
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name, standing_on(Host(root=name)):
        folder, secret = Path(name, "runner"), Path(name, "secret")
        Path(name).chmod(0o755)
        folder.mkdir()
        os.chown(folder, 12345, 12345)
        secret.write_text("PASSWORD=hunter2\n")
        secret.chmod(0o600)
        (folder / ".env").symlink_to("../secret")
        with pytest.raises(HostError, match=r"cannot be read: .*Permission denied"):
            applied("/runner/.env")
        assert secret.read_text() == "PASSWORD=hunter2\n"

        (folder / ".env").unlink()
        assert applied("/runner/.env") == ["name builder multiarch in /runner/.env"]
        assert (folder / ".env").stat().st_uid == 12345

        (folder / ".env").write_text("PASSWORD=hunter2\n")
        (folder / ".env").chmod(0o600)
        real = look.state  # on a server of homes (NFS with root_squash), which shows root nothing
        monkeypatch.setattr(look, "state", lambda path: real(path) if os.geteuid() == 12345 else None)
        assert applied("/runner/.env") == ["name builder multiarch in /runner/.env"]
        assert (folder / ".env").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_the_jobs_that_read_the_file_go_on_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "jobs.env"
    path.write_text("TOKEN=x\n")
    path.chmod(0o640)
    os.chown(path, 0, 12345)
    for values in (OURS, {}):
        applied(str(path), values)
        found = path.stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (0, 12345, 0o640)


def test_a_line_of_somebody_else_stays_where_none_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "environment"
    path.write_text("BUILDX_BUILDER=theirs\n")
    assert applied(None, {}) == []
    assert path.read_text() == "BUILDX_BUILDER=theirs\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("LANG=C\n", id="no line"),
        pytest.param("LANG=C", id="a last line without its end"),
        pytest.param("", id="empty"),
        pytest.param("# M\udcfcller\n", id="another encoding"),
        pytest.param("A=1\nBUILDX_BUILDER=theirs\nB=2\n", id="another builder"),
        pytest.param("A=1\nexport BUILDX_BUILDER='theirs'", id="another builder, exported, without its end"),
    ],
)
def test_the_file_is_as_it_was_when_ours_goes(text: str, tmp_path: Path) -> None:
    path = tmp_path / "environment"
    path.write_bytes(os.fsencode(text))
    applied(str(path))
    assert LINE.encode() in path.read_bytes()
    (told,) = applied(None, {})
    assert ("the line from before us comes back" in told) is ("theirs" in text)
    assert path.read_bytes() == os.fsencode(text)
    assert environment_file.remembered() == {}


def test_a_line_that_somebody_changed_since_stays(tmp_path: Path) -> None:
    path = tmp_path / "environment"
    applied(str(path))
    path.write_text("BUILDX_BUILDER=theirs\n")
    assert applied(None, {}) == []
    assert path.read_text() == "BUILDX_BUILDER=theirs\n"


def test_settings_come_are_changed_and_go_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "environment"
    path.write_text("B=theirs\nSECRET=x")
    assert applied(str(path), {**OURS, "A": "1", "B": "1"}) == [f"name builder multiarch, set A=1, set B=1 in {path}"]
    assert path.read_text() == f"B=1\nSECRET=x\n{LINE}A=1\n"
    assert applied(str(path), {**OURS, "A": "1", "B": "1"}) == []

    assert applied(str(path), {**OURS, "A": "2", "B": "1"}) == [f"set A=2 in {path}"]
    assert applied(str(path), {**OURS, "B": "1"}) == [f"set A no more in {path}"]
    assert path.read_text() == f"B=1\nSECRET=x\n{LINE}"

    assert applied(str(path), OURS) == [f"set B no more (the line from before us comes back) in {path}"]
    assert path.read_text() == f"B=theirs\nSECRET=x\n{LINE}"
    assert applied(None, {}) == [f"remove the builder in {path}"]
    assert path.read_text() == "B=theirs\nSECRET=x"


def test_lines_of_others_are_in_no_diff(tmp_path: Path) -> None:
    path = tmp_path / "environment"
    path.write_text("B=theirs\nSECRET=x")
    (action,) = found(str(path), {"A": "1", "B": "2"})
    assert action.difference is not None
    assert (action.difference.before, action.difference.after) == ("B=theirs\n", "B=2\nA=1\n")


@pytest.mark.parametrize(
    ("before", "text", "noted"),
    [
        pytest.param(None, LINE, {"lines": "", "there": False, "ended": True}, id="a file of ours"),
        pytest.param("A=1", f"A=1\n{LINE}", {"lines": "", "there": True, "ended": False}, id="without its end"),
        pytest.param(
            "BUILDX_BUILDER=theirs\nA=1\n",
            f"{LINE}A=1\n",
            {"lines": "BUILDX_BUILDER=theirs\n", "there": True, "ended": True},
            id="another builder",
        ),
        pytest.param(
            "A=1\nexport BUILDX_BUILDER='theirs'",
            f"A=1\n{LINE}",
            {"lines": "export BUILDX_BUILDER='theirs'", "there": True, "ended": False},
            id="another builder, without its end",
        ),
    ],
)
def test_what_an_earlier_version_wrote_is_taken_over(
    before: str | None, text: str, noted: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "environment"
    path.write_text(text)
    memory = {"members": ["x"], "environment": {str(path): {"builder": "multiarch", **noted}}}
    record.save("buildx", memory, since=None)
    assert applied(str(path)) == []
    assert record.load("buildx") == memory

    assert applied(str(path), {**OURS, "B": "2"}) == [f"set B=2 in {path}"]
    applied(None, {})
    assert (path.read_text() if path.exists() else None) == before
    assert record.load("buildx") == {"members": ["x"]}


def test_a_run_that_is_killed_between_record_and_file_leaves_nothing_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "environment"
    path.write_text("A=0\n")
    applied(str(path), {"A": "1", "B": "1"})
    (action,) = found(str(path), {"B": "1", "C": "1"})
    assert isinstance(action.step, environment_file.WriteEnvironment)

    def killed(_step: object) -> None:
        raise HostError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(environment_file, "write", killed)
        with pytest.raises(HostError, match="killed"):
            environment_file.apply(action.step)
    assert set(environment_file.remembered()[str(path)].values) == {"A", "B", "C"}
    applied(None, {})
    assert path.read_text() == "A=0\n"
