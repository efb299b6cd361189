# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are ours alone: remembered, backed up if they were somebody else's, removed when nobody asks for them."""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils import record
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.files import Owner, RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.owned_files import (
    forget_owned,
    leftovers,
    owned,
    owners,
    remove_owned,
    write_owned,
)

ANCHORS = "/usr/local/share/ca-certificates"


@pytest.mark.parametrize(
    ("owned", "wanted", "removed"),
    [
        pytest.param([], ["/etc/docker/certs.d/a/ca.crt"], [], id="nothing is ours yet"),
        pytest.param(["/etc/docker/certs.d/a/ca.crt"], ["/etc/docker/certs.d/a/ca.crt"], [], id="still wanted"),
        pytest.param(
            [f"{ANCHORS}/x.crt", "/etc/docker/certs.d/a/ca.crt"],
            [],
            [
                RemoveFile("/etc/docker/certs.d/a/ca.crt", folder=True),
                RemoveFile(f"{ANCHORS}/x.crt", folder=False),
            ],
            id="dockerd's folder goes with its last file, the system's never",
        ),
        pytest.param(
            [f"{ANCHORS}/x-1.crt", f"{ANCHORS}/x-2.crt"],
            [f"{ANCHORS}/x.crt"],
            [RemoveFile(f"{ANCHORS}/x-1.crt"), RemoveFile(f"{ANCHORS}/x-2.crt")],
            id="the end of a rotation: one certificate again",
        ),
    ],
)
def test_leftovers(owned: list[str], wanted: list[str], removed: list[RemoveFile]) -> None:
    assert list(leftovers(owned, [WriteFile(path, "") for path in wanted])) == removed


def test_leftovers_of_a_user_go_with_that_users_rights() -> None:
    path = "/home/ci/.config/docker/certs.d/a/ca.crt"
    removed = leftovers([path, f"{ANCHORS}/x.crt"], [], {path: Owner(1000, 1001)})
    assert removed == (RemoveFile(path, folder=True, owner=Owner(1000, 1001)), RemoveFile(f"{ANCHORS}/x.crt"))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def backups(home: Path) -> list[str]:
    return [each.read_text() for each in (home / "backups").iterdir()] if (home / "backups").exists() else []


@pytest.mark.parametrize(
    ("now", "is_ours", "kept"),
    [
        pytest.param(None, False, [], id="a first one"),
        pytest.param("theirs", False, ["theirs"], id="somebody else's so far: backed up"),
        pytest.param("ours", True, [], id="ours: no copy is kept"),
        pytest.param(None, True, [], id="ours, gone by another hand"),
    ],
)
def test_write_owned(now: str | None, is_ours: bool, kept: list[str], tmp_path: Path, home: Path) -> None:
    path = tmp_path / "certs.d/a.example/ca.crt"
    if now is not None:
        path.parent.mkdir(parents=True)
        path.write_text(now)
    record.save("trust", {"files": {str(path): digest("ours")} if is_ours else {}}, home)
    write_owned("trust", WriteFile(str(path), "é\n", 0o600))
    assert path.read_text() == "é\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert owned("trust") == {str(path): digest("é\n")}
    assert backups(home) == kept


def test_a_file_that_cannot_be_written_is_remembered_all_the_same(tmp_path: Path, home: Path) -> None:
    """A crash in between leaves a name too many, never one too few."""
    (tmp_path / "file").write_text("")
    step = WriteFile(str(tmp_path / "file/ca.crt"), "x")
    with pytest.raises(HostError, match="cannot be written"):
        write_owned("trust", step)
    assert list(owned("trust")) == [step.path]
    assert home.exists()


@pytest.mark.parametrize("there", [True, False], ids=["there", "gone by another hand"])
def test_remove_owned(there: bool, tmp_path: Path, home: Path) -> None:
    path, other = tmp_path / "a.example/ca.crt", tmp_path / "b.example/ca.crt"
    for each in (path, other):
        write_owned("trust", WriteFile(str(each), "x"))
    if not there:
        path.unlink()
    remove_owned("trust", RemoveFile(str(path), folder=True))
    assert not path.parent.exists()
    assert other.exists()
    assert list(owned("trust")) == [str(other)]
    assert backups(home) == []


def test_a_users_file_is_remembered_with_the_users_name(tmp_path: Path, home: Path) -> None:
    paths = [str(tmp_path / "a/ca.crt"), str(tmp_path / "b/ca.crt"), str(tmp_path / "c/ca.crt")]
    for path in paths[:2]:
        write_owned("trust", WriteFile(path, "x", owner=Owner(os.geteuid(), os.getegid())))
    write_owned("trust", WriteFile(paths[2], "x"))
    user = pwd.getpwuid(os.geteuid()).pw_name
    assert owners("trust") == {paths[0]: user, paths[1]: user}
    remove_owned("trust", RemoveFile(paths[0]))
    assert owners("trust") == {paths[1]: user}
    forget_owned("trust", paths[1])
    assert (owners("trust"), list(owned("trust"))) == ({}, [paths[2]])
    assert Path(paths[1]).exists()
    assert record.load("trust", home).keys() == {"files", "owners"}


Change: t.TypeAlias = "t.Callable[[str, Path], None]"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda concern, path: write_owned(concern, WriteFile(str(path), "y")), id="write"),
        pytest.param(lambda concern, path: remove_owned(concern, RemoveFile(str(path))), id="remove"),
    ],
)
def test_what_else_is_remembered_stays(change: Change, tmp_path: Path, home: Path) -> None:
    record.save("daemon", {"owned": [["debug"]]}, home)
    write_owned("daemon", WriteFile(str(tmp_path / "hosts.toml"), "x"))
    write_owned("trust", WriteFile(str(tmp_path / "ca.crt"), "x"))
    change("daemon", tmp_path / "hosts.toml")
    assert record.load("daemon", home)["owned"] == [["debug"]]
    assert list(owned("trust")) == [str(tmp_path / "ca.crt")]


def test_nothing_is_owned_at_first(home: Path) -> None:
    assert owned("trust") == owners("trust") == {}
    assert not home.exists()
