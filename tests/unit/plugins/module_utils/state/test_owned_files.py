# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are ours alone: remembered, backed up if they were somebody else's, removed when nobody asks for them."""

from __future__ import annotations

import hashlib
import os
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import differs
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner, RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state import owned_files
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import (
    WithFiles,
    forget_owned,
    is_as_written,
    leftovers,
    remove_owned,
    set_aside,
    write_owned,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

TRUST, DAEMON = RecordFile("trust", WithFiles), RecordFile("daemon", WithFiles)
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
    record.save("trust", {"files": {str(path): digest("ours")} if is_ours else {}})
    write_owned(TRUST, WriteFile(str(path), "é\n", 0o600))
    assert path.read_text() == "é\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert TRUST.read().files == {str(path): digest("é\n")}
    assert backups(home) == kept


def test_a_file_that_cannot_be_written_is_remembered_all_the_same(tmp_path: Path, home: Path) -> None:
    """A crash in between leaves a name too many, never one too few."""
    (tmp_path / "file").write_text("")
    step = WriteFile(str(tmp_path / "file/ca.crt"), "x")
    with pytest.raises(HostError, match="cannot be written"):
        write_owned(TRUST, step)
    assert list(TRUST.read().files) == [step.path]
    assert home.exists()


@pytest.mark.parametrize("there", [True, False], ids=["there", "gone by another hand"])
def test_remove_owned(there: bool, tmp_path: Path, home: Path) -> None:
    path, other = tmp_path / "a.example/ca.crt", tmp_path / "b.example/ca.crt"
    for each in (path, other):
        write_owned(TRUST, WriteFile(str(each), "x"))
    if not there:
        path.unlink()
    remove_owned(TRUST, RemoveFile(str(path), folder=True))
    assert not path.parent.exists()
    assert other.exists()
    assert list(TRUST.read().files) == [str(other)]
    assert backups(home) == []


@pytest.mark.usefixtures("homes")
def test_a_users_file_is_remembered_with_the_users_name() -> None:
    paths = ["/a/ca.crt", "/b/ca.crt", "/c/ca.crt"]
    for path in paths[:2]:
        write_owned(TRUST, WriteFile(path, "x", owner=Owner(os.geteuid(), os.getegid())))
    write_owned(TRUST, WriteFile(paths[2], "x"))
    user = "root"  # of whom the others have the ids
    assert TRUST.read().owners == {paths[0]: user, paths[1]: user}
    remove_owned(TRUST, RemoveFile(paths[0]))
    assert TRUST.read().owners == {paths[1]: user}
    forget_owned(TRUST, paths[1])
    assert (TRUST.read().owners, list(TRUST.read().files)) == ({}, [paths[2]])
    assert at(paths[1]).exists()
    assert record.load("trust")["folders"] == sorted(str(Path(path).parent) for path in paths[1:])


Change: t.TypeAlias = "t.Callable[[RecordFile[WithFiles], Path], None]"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda record, path: write_owned(record, WriteFile(str(path), "y")), id="write"),
        pytest.param(lambda record, path: remove_owned(record, RemoveFile(str(path))), id="remove"),
    ],
)
def test_what_else_is_remembered_stays(change: Change, tmp_path: Path) -> None:
    record.save("daemon", {"owned": [["debug"]]})
    write_owned(DAEMON, WriteFile(str(tmp_path / "hosts.toml"), "x"))
    write_owned(TRUST, WriteFile(str(tmp_path / "ca.crt"), "x"))
    change(DAEMON, tmp_path / "hosts.toml")
    assert record.load("daemon")["owned"] == [["debug"]]
    assert list(TRUST.read().files) == [str(tmp_path / "ca.crt")]


def test_nothing_is_owned_at_first(home: Path) -> None:
    assert TRUST.read() == WithFiles()
    assert not home.exists()


@pytest.mark.parametrize("mode", [0o600, 0o644], ids=oct)
def test_what_somebody_else_had_is_put_back(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "hosts.toml"
    path.write_text("theirs\n")
    path.chmod(mode)
    for content in ("ours", "ours, newer"):
        write_owned(DAEMON, WriteFile(str(path), content, 0o640))
        assert str(path) in DAEMON.read().former
    remove_owned(DAEMON, RemoveFile(str(path), folder=True))
    assert path.read_text() == "theirs\n"
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert record.load("daemon") == {}
    assert str(path) not in DAEMON.read().former


@pytest.mark.parametrize("target", ["theirs\n", None], ids=["to a file", "dangling"])
def test_a_link_is_replaced_and_put_back_and_its_target_stays(target: str | None, tmp_path: Path) -> None:
    """As people link a registry's CA to the system's bundle."""
    path, bundle = tmp_path / "certs.d/a.example/ca.crt", tmp_path / "bundle.crt"
    path.parent.mkdir(parents=True)
    if target is not None:
        bundle.write_text(target)
    path.symlink_to("../../bundle.crt")
    for content in ("ours", "ours, newer"):
        write_owned(TRUST, WriteFile(str(path), content))
        assert (path.is_symlink(), path.read_text()) == (False, content)
    remove_owned(TRUST, RemoveFile(str(path), folder=True))
    assert path.readlink() == Path("../../bundle.crt")
    assert (bundle.read_text() if bundle.exists() else None) == target
    assert [each.name for each in path.parent.iterdir()] == ["ca.crt"]
    assert record.load("trust") == {}


def test_a_link_in_place_of_ours_is_replaced_and_not_put_back(tmp_path: Path) -> None:
    path, bundle = tmp_path / "ca.crt", tmp_path / "bundle.crt"
    write_owned(TRUST, WriteFile(str(path), "ours"))
    bundle.write_text("theirs\n")
    path.unlink()
    path.symlink_to(bundle)
    write_owned(TRUST, WriteFile(str(path), "ours, newer"))
    assert (path.read_text(), bundle.read_text()) == ("ours, newer", "theirs\n")
    remove_owned(TRUST, RemoveFile(str(path)))
    assert not path.exists()


def test_a_link_in_place_of_ours_is_not_written_when_the_former_file_is_put_back(tmp_path: Path) -> None:
    path, bundle = tmp_path / "ca.crt", tmp_path / "bundle.crt"
    path.write_text("former")
    write_owned(TRUST, WriteFile(str(path), "ours"))
    bundle.write_text("theirs\n")
    path.unlink()
    path.symlink_to(bundle)
    remove_owned(TRUST, RemoveFile(str(path)))
    assert (path.is_symlink(), path.read_text(), bundle.read_text()) == (False, "former", "theirs\n")


def test_a_link_to_a_file_of_ours_is_put_back(tmp_path: Path) -> None:
    """As of a registry with and without its port, of which the table has one, and later both."""
    path, other = tmp_path / "a.example:5000/ca.crt", tmp_path / "a.example/ca.crt"
    write_owned(TRUST, WriteFile(str(other), "ours"))
    path.parent.mkdir()
    path.symlink_to("../a.example/ca.crt")
    write_owned(TRUST, WriteFile(str(path), "ours"))
    assert not path.is_symlink()
    remove_owned(TRUST, RemoveFile(str(path)))
    assert (path.is_symlink(), other.read_text()) == (True, "ours")


def test_a_link_that_is_kept_away_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.symlink_to("theirs.pem")
    set_aside(TRUST, RemoveFile(str(path)))
    set_aside(TRUST, RemoveFile(str(path)))
    assert not path.is_symlink()
    remove_owned(TRUST, RemoveFile(str(path)))
    assert path.readlink() == Path("theirs.pem")


@pytest.mark.usefixtures("homes")
def test_a_users_link_is_followed_with_the_users_rights(tmp_path: Path) -> None:
    path, target = tmp_path / "homes/ci/ca.crt", tmp_path / "homes/ci/dotfiles.crt"
    path.symlink_to(target)
    write_owned(TRUST, WriteFile(str(path), "ours", owner=Owner(os.geteuid(), os.getegid())))
    assert (path.is_symlink(), target.read_text()) == (True, "ours")


def test_what_is_no_text_is_put_back_byte_by_byte(tmp_path: Path) -> None:
    """Windows exports a CA in DER, as .crt."""
    path = tmp_path / "ca.crt"
    path.write_bytes(bytes(range(256)))
    step = WriteFile(str(path), "ours")
    assert differs(step)
    write_owned(TRUST, step)
    assert path.read_text() == "ours"
    remove_owned(TRUST, RemoveFile(str(path)))
    assert path.read_bytes() == bytes(range(256))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
@pytest.mark.parametrize("ids", [(0, 65534), (65534, 65534)])
@pytest.mark.parametrize(
    "ours",
    [
        pytest.param(lambda path: write_owned(DAEMON, WriteFile(path, "ours")), id="replaced"),
        pytest.param(lambda path: set_aside(DAEMON, RemoveFile(path)), id="kept away"),
    ],
)
def test_it_is_put_back_with_its_owner_and_group(
    ours: t.Callable[[str], None], ids: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / "hosts.toml"
    path.write_text("theirs\n")
    path.chmod(0o640)
    os.chown(path, *ids)
    ours(str(path))
    remove_owned(DAEMON, RemoveFile(str(path)))
    found = path.stat()
    assert (path.read_text(), found.st_uid, found.st_gid, found.st_mode & 0o777) == ("theirs\n", *ids, 0o640)


def test_without_its_copy_nothing_is_put_back_and_nothing_is_lost(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "hosts.toml"
    path.write_text("theirs")
    write_owned(DAEMON, WriteFile(str(path), "ours"))
    for each in (home / "backups").iterdir():
        each.unlink()
    with pytest.raises(HostError, match=r"cannot be restored, as its copy .* is missing"):
        remove_owned(DAEMON, RemoveFile(str(path)))
    assert path.read_text() == "ours"
    assert list(DAEMON.read().files) == [str(path)]


@pytest.mark.parametrize("by_hand", [None, "theirs"], ids=["removed", "restored"])
def test_without_its_copy_what_somebody_did_by_hand_counts(by_hand: str | None, tmp_path: Path, home: Path) -> None:
    path = tmp_path / "hosts.toml"
    path.write_text("theirs")
    write_owned(DAEMON, WriteFile(str(path), "ours"))
    for each in (home / "backups").iterdir():
        each.unlink()
    path.unlink()
    if by_hand is not None:
        path.write_text(by_hand)
    remove_owned(DAEMON, RemoveFile(str(path)))
    assert (path.read_text() if path.exists() else None) == by_hand
    assert record.load("daemon") == {}


def test_folders_that_we_made_go_with_the_last_file_in_them(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    paths = [tmp_path / "theirs/a.example/ca.crt", tmp_path / "theirs/b.example/ca.crt", tmp_path / "new/c/ca.crt"]
    for path in paths:
        write_owned(TRUST, WriteFile(str(path), "x"))
    (tmp_path / "new/of-somebody").touch()
    for path in paths:
        remove_owned(TRUST, RemoveFile(str(path)))
    left = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*")}
    assert {each for each in left if not each.startswith("var")} == {"new", "new/of-somebody", "theirs"}
    assert record.load("trust") == {}


@pytest.mark.parametrize("former", [None, "theirs"])
@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(lambda path: remove_owned(TRUST, RemoveFile(path)), id="remove"),
        pytest.param(lambda path: forget_owned(TRUST, path), id="forget"),
    ],
)
@pytest.mark.usefixtures("homes")
def test_what_a_killed_run_left_of_it_goes_too(
    leave: t.Callable[[str], None], former: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "certs.d/a.example/client.key"
    path.parent.mkdir(parents=True)
    if former is not None:
        path.write_text(former)
    write_owned(TRUST, WriteFile(str(path), "ours", owner=Owner(os.geteuid(), os.getegid())))
    left, others = record.left_of(path), path.with_name(".client.key.swp")
    others.touch()
    leave(str(path))
    assert (left.exists(), others.exists()) == (False, True)


def test_what_a_run_left_that_was_killed_before_it_replaced_a_link_goes_too(tmp_path: Path) -> None:
    path = tmp_path / "certs.d/a.example/client.key"
    path.parent.mkdir(parents=True)
    path.symlink_to("../../theirs.key")
    write_owned(TRUST, WriteFile(str(path), "ours"))
    path.unlink()
    path.symlink_to("../../theirs.key")  # as it was, when the file beside it was to replace it
    left = record.left_of(path)
    remove_owned(TRUST, RemoveFile(str(path), folder=True))
    assert (left.exists(), path.readlink()) == (False, Path("../../theirs.key"))


@pytest.mark.parametrize(
    ("now", "as_written"),
    [
        pytest.param("ours", True, id="as we wrote it"),
        pytest.param(None, True, id="gone"),
        pytest.param("changed", False, id="somebody changed it"),
    ],
)
@pytest.mark.usefixtures("home")
def test_what_somebody_changed_since(now: str | None, as_written: bool, tmp_path: Path) -> None:
    path = tmp_path / "ca.crt"
    write_owned(TRUST, WriteFile(str(path), "ours"))
    if now is None:
        path.unlink()
    else:
        path.write_text(now)
    assert is_as_written(TRUST, str(path)) is as_written


@pytest.mark.usefixtures("home")
def test_a_crash_before_the_new_content_leaves_the_former_one_as_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ca.crt"
    write_owned(TRUST, WriteFile(str(path), "ours"))

    def crash(_step: WriteFile) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(owned_files, "write", crash)
    with pytest.raises(KeyboardInterrupt):
        write_owned(TRUST, WriteFile(str(path), "newer"))
    assert is_as_written(TRUST, str(path))
    path.write_text("newer")
    assert is_as_written(TRUST, str(path))


@pytest.mark.parametrize("ours_first", [True, False], ids=["in place of ours", "at once"])
def test_a_foreign_file_is_kept_away_as_long_as_ours_are_there(ours_first: bool, tmp_path: Path) -> None:
    path = tmp_path / "tls/key.pem"
    path.parent.mkdir()
    path.write_text("theirs\n")
    path.chmod(0o640)
    if ours_first:
        write_owned(TRUST, WriteFile(str(path), "ours\n"))
    set_aside(TRUST, RemoveFile(str(path)))
    set_aside(TRUST, RemoveFile(str(path)))
    assert not path.exists()
    assert record.load("trust")["files"] == {str(path): ""}
    assert is_as_written(TRUST, str(path))
    path.write_text("another\n")
    assert not is_as_written(TRUST, str(path))
    remove_owned(TRUST, RemoveFile(str(path)))
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("theirs\n", 0o640)
    assert record.load("trust").get("files", {}) == {}


def test_ours_that_is_kept_away_is_forgotten_with_the_folder_that_was_made_for_it(tmp_path: Path) -> None:
    path = tmp_path / "tls/key.pem"
    write_owned(TRUST, WriteFile(str(path), "ours\n"))
    set_aside(TRUST, RemoveFile(str(path)))
    assert not path.parent.exists()
    assert record.load("trust") == {}
