# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are written whole or not at all, with nothing left beside them."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import stat
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host import files, look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import (
    BACKUPS,
    back_up,
    differs,
    read,
    remove,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import (
    mode_of as mode_of_file,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import Host, at, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner, RemoveFile, WriteFile

ME = Owner(os.geteuid(), os.getegid())
NOBODY = Owner(65534, 65534)
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another user")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def everything(folder: Path) -> dict[str, str]:
    """{name: content} of all that is in a folder, temporary files too."""
    return {each.name: each.read_text() if each.is_file() else "a folder" for each in folder.iterdir()}


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A folder of nobody, in a place where nobody may go."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    os.chown(folder, NOBODY.uid, NOBODY.gid)
    with standing_on(Host()):
        yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o666])
def test_content_and_mode_are_as_asked_whatever_the_umask_and_the_former_file(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "daemon.json"
    before = os.umask(0o077)
    try:
        for content in ("once\n", "twice: ä 名\n"):
            write(WriteFile(str(path), content, mode, ME))
            assert path.read_text(encoding="utf-8") == content
            assert mode_of(path) == mode
            path.chmod(0o640)
    finally:
        os.umask(before)
    assert len(everything(tmp_path)) == 1


@root_only
@pytest.mark.parametrize("keeps", [True, False])
def test_a_file_of_the_systems_keeps_its_owner_and_group_where_that_is_asked(keeps: bool, tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    path.write_text("former")
    os.chown(path, 0, NOBODY.gid)
    write(WriteFile(str(path), "new", 0o640, keeps=keeps))
    found = path.stat()
    assert (path.read_text(), found.st_uid, found.st_gid) == ("new", 0, NOBODY.gid if keeps else os.getegid())
    write(WriteFile(str(tmp_path / "new.json"), "new", keeps=keeps))
    assert (tmp_path / "new.json").stat().st_gid == os.getegid()


@root_only
@pytest.mark.parametrize("keeps", [True, False])
def test_a_users_file_keeps_its_group_where_that_is_asked(keeps: bool, theirs: Path) -> None:
    path = theirs / "config.json"
    path.write_text("former")
    os.chown(path, NOBODY.uid, 0)
    write(WriteFile(str(path), "new", 0o640, NOBODY, keeps=keeps))
    found = path.stat()
    assert (path.read_text(), found.st_uid, found.st_gid) == ("new", NOBODY.uid, 0 if keeps else NOBODY.gid)
    assert (os.geteuid(), os.getegid()) == (ME.uid, ME.gid)


@root_only
def test_a_file_of_roots_in_a_users_folder_is_the_users(theirs: Path) -> None:
    path = theirs / "config.json"
    path.write_text("former")
    write(WriteFile(str(path), "new", 0o4755, NOBODY, keeps=True))
    assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY.uid, NOBODY.gid)


# POSIX.1e as the kernel stores it: version 2, then (tag, rights, id) of owner, a user, group, mask, others.
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *entry)
    for entry in ((1, 6, 2**32 - 1), (2, 4, 65534), (4, 0, 2**32 - 1), (16, 4, 2**32 - 1), (32, 0, 2**32 - 1))
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("system.posix_acl_access", ACL, id="an ACL"),
        pytest.param("user.of-these-tests", b"x", id="an attribute of users"),
        pytest.param("security.selinux", b"system_u:object_r:etc_t:s0", id="a label", marks=root_only),
    ],
)
def test_what_else_a_file_has_stays(name: str, value: bytes, tmp_path: Path) -> None:
    """With an ACL the mode's bits of the group are its mask: without it they would be the group's rights."""
    path = tmp_path / "daemon.json"
    path.write_text("former")
    path.chmod(0o640)
    try:
        os.setxattr(path, name, value)
    except OSError as exc:
        pytest.skip(f"not on this file system: {exc}")
    write(WriteFile(str(path), "new", mode_of(path), ME))
    assert (path.read_text(), os.getxattr(path, name)) == ("new", value)
    assert mode_of(path) == 0o640
    write(WriteFile(str(path), "a secret", 0o600, ME))
    assert mode_of(path) == 0o600, "nobody else reads it, whatever the ACL says"


@root_only
@pytest.mark.parametrize("what", ["daemon.json", ""], ids=["the file", "its folder"])
@pytest.mark.parametrize("flag", ["i", "a"])
def test_what_somebody_protected_is_told_with_the_remedy(flag: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "etc/daemon.json"
    path.parent.mkdir()
    path.write_text("former")
    protected = path.parent / what
    if subprocess.run(["chattr", f"+{flag}", protected], capture_output=True, check=False).returncode != 0:
        pytest.skip("not on this file system")
    try:
        with pytest.raises(HostError, match="Operation not permitted") as written:
            write(WriteFile(str(path), "new"))
        with pytest.raises(HostError, match="Operation not permitted") as removed:
            remove(RemoveFile(str(path)))
        told = f"It is protected from changes: run `chattr -{flag} {protected}`"
        assert [written.value.remedy, removed.value.remedy] == [told, told]
        assert everything(path.parent) == {"daemon.json": "former"} or what == ""
    finally:
        subprocess.run(["chattr", f"-{flag}", protected], check=True)


def test_what_belongs_to_the_content_does_not(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_text("former")
    capability = struct.pack("<5I", 0x02000000, 1 << 10, 0, 0, 0)
    try:
        os.setxattr(path, "security.capability", capability)
    except OSError as exc:
        pytest.skip(f"not on this file system: {exc}")
    write(WriteFile(str(path), "new", 0o755, ME))
    assert "security.capability" not in os.listxattr(path)


@pytest.mark.parametrize("follows", [True, False], ids=["its target is written", "it is replaced"])
def test_what_the_target_of_a_link_has_stays_there(follows: bool, tmp_path: Path) -> None:
    path, bundle = tmp_path / "ca.crt", tmp_path / "bundle.crt"
    bundle.write_text("theirs")
    path.symlink_to(bundle)
    try:
        os.setxattr(bundle, "user.note", b"theirs")
    except OSError as exc:
        pytest.skip(f"not on this file system: {exc}")
    write(WriteFile(str(path), "new", owner=ME, follows=follows))
    assert ("user.note" in os.listxattr(path)) is follows
    assert os.getxattr(bundle, "user.note") == b"theirs"


def test_who_reads_meanwhile_sees_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    write(WriteFile(str(path), "former", owner=ME))
    with path.open() as reader:
        write(WriteFile(str(path), "new", owner=ME))
        assert reader.read() == "former"
    assert path.read_text() == "new"


@pytest.mark.parametrize("exists", [True, False], ids=["to a file", "dangling"])
def test_a_link_stays_and_its_target_changes(tmp_path: Path, exists: bool) -> None:
    target, link = tmp_path / "real/daemon.json", tmp_path / "etc/daemon.json"
    target.parent.mkdir()
    link.parent.mkdir()
    if exists:
        target.write_text("former")
    link.symlink_to("../real/daemon.json")
    write(WriteFile(str(link), "new", owner=ME))
    assert link.is_symlink()
    assert (link.read_text(), target.read_text()) == ("new", "new")
    assert everything(link.parent) == everything(target.parent) == {"daemon.json": "new"}


@pytest.mark.parametrize(
    ("owner", "mode"), [pytest.param(ME, 0o700, id="a user's"), pytest.param(None, 0o755, id="the system's")]
)
def test_folders_are_made(tmp_path: Path, owner: Owner | None, mode: int) -> None:
    path = tmp_path / "a/b/file"
    before = os.umask(0o022)
    try:
        write(WriteFile(str(path), "x", owner=owner))
    finally:
        os.umask(before)
    assert {mode_of(tmp_path / "a"), mode_of(tmp_path / "a/b")} == {mode}


@root_only
def test_a_users_file_and_folders_are_the_users(theirs: Path) -> None:
    path = theirs / ".docker/config.json"
    step = WriteFile(str(path), "{}", 0o600, NOBODY)
    assert differs(step) is True
    write(step)
    assert differs(step) is False
    for each in (path, path.parent):
        assert (each.stat().st_uid, each.stat().st_gid) == (NOBODY.uid, NOBODY.gid)
    remove(RemoveFile(str(path), folder=True, owner=NOBODY))
    assert everything(theirs) == {}
    assert (os.geteuid(), os.getegid()) == (ME.uid, ME.gid)


@root_only
def test_a_users_file_is_looked_at_with_the_users_rights(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of homes (NFS with root_squash) may show root nothing."""
    step, real = WriteFile(str(theirs / "config.json"), "{}", 0o600, NOBODY), look.state
    write(step)
    monkeypatch.setattr(look, "state", lambda path: real(path) if os.geteuid() == NOBODY.uid else None)
    assert differs(step) is False


@root_only
def test_a_users_file_that_belongs_to_root_differs(theirs: Path) -> None:
    (theirs / "config.json").write_text("{}")
    assert differs(WriteFile(str(theirs / "config.json"), "{}", 0o644, NOBODY)) is True
    assert differs(WriteFile(str(theirs / "config.json"), "{}", 0o644)) is False


@root_only
def test_a_users_link_leads_root_nowhere(theirs: Path, tmp_path: Path) -> None:
    secret = tmp_path / "of-root"
    secret.write_text("former")
    (theirs / "config.json").symlink_to(secret)
    with pytest.raises(HostError, match="Permission denied"):
        write(WriteFile(str(theirs / "config.json"), "new", owner=NOBODY))
    assert everything(tmp_path) == {"of-root": "former"}
    with pytest.raises(HostError, match="Permission denied"):
        read(str(theirs / "config.json"), NOBODY)
    with pytest.raises(HostError, match="Permission denied"):
        back_up(str(theirs / "config.json"), NOBODY)
    (theirs / "folder").symlink_to(tmp_path)
    with pytest.raises(HostError, match="Permission denied"):
        remove(RemoveFile(str(theirs / "folder/of-root"), owner=NOBODY))
    assert everything(tmp_path) == {"of-root": "former"}
    assert (os.geteuid(), os.getegid()) == (ME.uid, ME.gid)


def test_a_disk_that_fills_up_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """A limit on the size of files in place of a full disk: write(2) fails half way in both cases."""
    path = tmp_path / "daemon.json"
    write(WriteFile(str(path), "former", owner=ME))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(HostError, match=r"daemon\.json cannot be written: .*File too large"):
            write(WriteFile(str(path), "x" * 10_000, owner=ME))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert everything(tmp_path) == {"daemon.json": "former"}


def test_what_a_link_leads_to_stays_what_it_is(tmp_path: Path) -> None:
    """A pipe in place of /dev/null, which would become a file."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "of-somebody.conf").symlink_to("pipe")
    with pytest.raises(HostError, match=r"of-somebody\.conf cannot be written: .*it is not a regular file"):
        write(WriteFile(str(tmp_path / "of-somebody.conf"), "x", owner=ME))
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        pytest.param("a-folder", "x", "Is a directory", id="a folder is in its place"),
        pytest.param("x" * 250, "x", "File name too long", id="no name left for the temporary file"),
        pytest.param("a-file/below", "x", "", id="a file where a folder should be"),
        pytest.param("a-file", "half a letter: \ud83d", "surrogates not allowed", id="what is no UTF-8"),
    ],
)
def test_a_failed_write_leaves_everything_as_it_was(tmp_path: Path, name: str, content: str, told: str) -> None:
    (tmp_path / "a-folder").mkdir()
    (tmp_path / "a-file").write_text("former")
    with pytest.raises(HostError, match=f"{name} cannot be written: .*{told}"):
        write(WriteFile(str(tmp_path / name), content, owner=ME))
    assert everything(tmp_path) == {"a-folder": "a folder", "a-file": "former"}


DEAD = 2**22 + 1  # more than there can be (proc(5), pid_max)


@pytest.mark.parametrize(
    ("name", "goes"),
    [
        pytest.param(f".daemon.json.{DEAD}.ab_12cde", True, id="of a dead process"),
        pytest.param(f".daemon.json.{os.getpid()}.ab_12cde", False, id="of a living one"),
        pytest.param(".daemon.json.1.ab_12cde", False, id="of a living one of root's"),
        pytest.param(f".other.json.{DEAD}.ab_12cde", False, id="for another file"),
        pytest.param(f".daemon.json.{DEAD}.1.ab_12cde", False, id="for another file whose name begins so"),
        pytest.param(f"daemon.json.{DEAD}.ab_12cde", False, id="not hidden: somebody's copy"),
        pytest.param(".daemon.json.20241231.bak", False, id="hidden: somebody's copy, with its date"),
        pytest.param(".daemon.json.swp", False, id="an editor's"),
        pytest.param(".daemon.json.².ab_12cde", False, id="no number"),
    ],
)
def test_what_a_killed_process_left_goes_with_the_next_write(name: str, goes: bool, tmp_path: Path) -> None:
    (tmp_path / name).write_text("half a fi")
    write(WriteFile(str(tmp_path / "daemon.json"), "new", owner=ME))
    assert everything(tmp_path) == {"daemon.json": "new", **({} if goes else {name: "half a fi"})}


def test_a_name_is_no_pattern(tmp_path: Path) -> None:
    for name in ("[a]", "a"):
        (tmp_path / f".{name}.{DEAD}.abcdefgh").touch()
    write(WriteFile(str(tmp_path / "[a]"), "new", owner=ME))
    assert everything(tmp_path) == {"[a]": "new", f".a.{DEAD}.abcdefgh": ""}


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(("age", "goes"), [(0, False), (10**6, True)], ids=["its own", "of one before a reboot"])
def test_a_process_that_has_the_id_of_a_killed_one_keeps_nothing(age: int, goes: bool, tmp_path: Path) -> None:
    left = tmp_path / f".client.key.{os.getpid()}.ab12_xyz"
    left.touch()
    os.utime(left, (time.time() - age, time.time() - age))
    write(WriteFile(str(tmp_path / "client.key"), "new"))
    assert left.exists() is not goes


def test_a_process_that_is_killed_while_it_writes_leaves_what_the_next_one_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed when the new content is to reach the disk, before it takes the place of the former one."""
    path = tmp_path / "daemon.json"
    path.write_text("former")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _file: os.kill(os.getpid(), signal.SIGKILL))
        child = os.fork()
        if child == 0:
            try:
                write(WriteFile(str(path), "never", owner=ME))
            finally:
                os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    (left,) = everything(tmp_path).keys() - {"daemon.json"}
    assert left.startswith(f".daemon.json.{child}.")
    assert path.read_text() == "former"
    write(WriteFile(str(path), "new", owner=ME))
    assert everything(tmp_path) == {"daemon.json": "new"}


@pytest.mark.parametrize(
    ("there", "mode", "wanted", "differing"),
    [
        pytest.param(None, 0o644, WriteFile("", "a", owner=ME), True, id="missing"),
        pytest.param("a", 0o644, WriteFile("", "a", owner=ME), False, id="the same"),
        pytest.param("b", 0o644, WriteFile("", "a", owner=ME), True, id="content"),
        pytest.param("a", 0o600, WriteFile("", "a", owner=ME), True, id="stricter mode"),
        pytest.param("a", 0o644, WriteFile("", "a", 0o600, ME), True, id="a secret that all may read"),
        pytest.param("a", 0o4644, WriteFile("", "a", owner=ME), True, id="setuid"),
        pytest.param("a", 0o644, WriteFile("", "a", owner=Owner(ME.uid, ME.gid + 1)), True, id="group"),
        pytest.param("a\r\nb", 0o644, WriteFile("", "a\nb", owner=ME), True, id="ends of lines"),
        pytest.param("a\r\nb", 0o644, WriteFile("", "a\r\nb", owner=ME), False, id="the same ends of lines"),
    ],
)
@pytest.mark.parametrize("link", [False, True], ids=["file", "link"])
def test_differs(tmp_path: Path, there: str | None, mode: int, wanted: WriteFile, differing: bool, link: bool) -> None:
    path = tmp_path / "file"
    if there is not None:
        path.write_bytes(there.encode())
        path.chmod(mode)
    if link:
        (tmp_path / "link").symlink_to(path)
    step = WriteFile(str(tmp_path / "link" if link else path), wanted.content, wanted.mode, wanted.owner)
    assert differs(step) is differing


@pytest.mark.parametrize(
    "step",
    [
        WriteFile("file", "a"),
        WriteFile("file", "", 0o600),
        WriteFile("file", "a\r\nb\n"),
        WriteFile("file", "no newline, ä"),
        WriteFile("new/file", "a"),
    ],
    ids=["plain", "empty", "carriage returns", "letters", "new folder"],
)
def test_what_was_written_does_not_differ(tmp_path: Path, step: WriteFile) -> None:
    step = WriteFile(str(tmp_path / step.path), step.content, step.mode, ME)
    assert differs(step) is True
    write(step)
    assert differs(step) is False


def test_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes("ä\r\n".encode())
    (tmp_path / "latin-1").write_bytes("ä".encode("latin-1"))
    assert read(str(tmp_path / "file")) == "ä\r\n"
    assert read(str(tmp_path / "missing")) is None
    assert read(str(tmp_path / "file/below")) is None
    for name in ("", "latin-1"):
        with pytest.raises(HostError, match=f"{name} cannot be read: "):
            read(str(tmp_path / name))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("zero", "it is not a regular file", id="a device without end"),
        pytest.param("pipe", "it is not a regular file", id="a pipe that nobody writes to"),
        pytest.param("folder", "it is not a regular file", id="a folder"),
        pytest.param("huge", f"it is larger than {files.LARGEST} bytes", id="a gigabyte"),
        pytest.param("loop", "Too many levels of symbolic links", id="a link to itself"),
        pytest.param("a" * 256, "File name too long", id="a long name"),
        pytest.param("a\0b", "embedded null ", id="NUL"),
    ],
)
def test_what_is_not_read_for_ever_is_an_error(name: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "zero").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1024**3)
    with pytest.raises(HostError, match="cannot be read") as caught:
        read(str(tmp_path / name))
    assert told in str(caught.value)


@pytest.mark.parametrize("name", ["a\0b", "a" * 256], ids=["NUL", "a long name"])
def test_a_name_that_no_file_can_have_is_an_error(name: str, tmp_path: Path) -> None:
    path = str(tmp_path / name)
    with pytest.raises(HostError, match="cannot be written"):
        write(WriteFile(path, "x"))
    with pytest.raises(HostError, match="cannot be removed"):
        remove(RemoveFile(path))


def test_a_long_path_has_a_copy_too(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 100) / ("b" * 200) / "daemon.json"
    path.parent.mkdir(parents=True)
    path.write_text("x")
    copy = back_up(str(path))
    assert copy is not None
    assert at(copy).read_text() == "x"
    assert Path(copy).name.startswith("b")


@pytest.mark.parametrize(
    ("name", "folder", "left"),
    [
        pytest.param("one/file", True, {"two"}, id="the last one, with its folder"),
        pytest.param("one/file", False, {"one", "two"}, id="the last one, its folder stays"),
        pytest.param("two/file", True, {"one", "two"}, id="not the last one"),
        pytest.param("two/gone", True, {"one", "two"}, id="gone already"),
        pytest.param("gone/gone", True, {"one", "two"}, id="gone with its folder"),
        pytest.param("one/file/file", True, {"one", "two"}, id="a file in place of its folder"),
        pytest.param("link/file", True, {"one", "two", "link"}, id="the last one in a folder that is a link"),
    ],
)
def test_remove(tmp_path: Path, name: str, folder: bool, left: set[str]) -> None:
    for each in ("one/file", "two/file", "two/other"):
        (tmp_path / each).parent.mkdir(exist_ok=True)
        (tmp_path / each).touch()
    if name.startswith("link"):
        (tmp_path / "link").symlink_to("one")
    remove(RemoveFile(str(tmp_path / name), folder))
    assert not (tmp_path / name).exists()
    assert {each.name for each in tmp_path.iterdir()} == left
    assert (tmp_path / "two/other").exists()


def test_a_folder_is_not_removed_in_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="cannot be removed"):
        remove(RemoveFile(str(tmp_path)))
    assert tmp_path.is_dir()


def test_back_up_keeps_every_byte_for_root_alone(tmp_path: Path) -> None:
    source = tmp_path / "config.json"
    source.write_bytes("{\r\n}\n\n ä".encode())
    source.chmod(0o644)
    place = back_up(str(source))
    assert place is not None
    copy = at(place)
    assert str(Path(place).parent) == BACKUPS
    assert copy.name.startswith(str(source).strip("/").replace("/", "_") + ".")
    assert copy.read_bytes() == source.read_bytes()
    assert (mode_of(copy), mode_of(copy.parent)) == (0o600, 0o700)


def test_what_is_not_there_is_not_backed_up(tmp_path: Path) -> None:
    assert back_up(str(tmp_path / "missing")) is None
    assert everything(tmp_path) == {}


def test_mode_of(tmp_path: Path) -> None:
    (tmp_path / "secret").touch(mode=0o600)
    assert mode_of_file(str(tmp_path / "secret")) == 0o600
    assert mode_of_file(str(tmp_path / "missing")) == 0o644
    assert mode_of_file(str(tmp_path / "secret/below"), 0o640) == 0o640
