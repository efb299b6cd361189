# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of a folder is the same as the folder in all that layers, volumes and databases consist of."""

from __future__ import annotations

import os
import socket
import stat
import time
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host import tree_copy, trees
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may make devices, and files of others"),
    pytest.mark.usefixtures("processes"),
]
WHITEOUT = os.makedev(0, 0)  # overlayfs.rst: what a layer removed
NOT_TEXT = os.fsdecode(b"caf\xe9")
Facts = dict[str, tuple[t.Any, ...]]


def facts(folder: Path) -> Facts:
    """{path: all that is kept of it}; names of one file have each other's names."""
    paths = sorted([folder, *folder.rglob("*")], key=str)
    names: dict[int, list[str]] = {}
    for path in paths:
        names.setdefault(path.lstat().st_ino, []).append(str(path.relative_to(folder)))
    return {str(path.relative_to(folder)): (*_own(path), names[path.lstat().st_ino]) for path in paths}


def _own(path: Path) -> tuple[t.Any, ...]:
    found, names = path.lstat(), sorted(os.listxattr(path, follow_symlinks=False))
    kind, content = stat.S_IFMT(found.st_mode), None
    if kind == stat.S_IFLNK:
        content = os.fsencode(path.readlink())
    elif kind == stat.S_IFREG:
        content = path.read_bytes()
    attributes = {name: os.getxattr(path, name, follow_symlinks=False) for name in names}
    return found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns, found.st_rdev, content, attributes


def settled(path: Path) -> tuple[int, int]:
    """What changes if a file is copied again."""
    return path.lstat().st_ino, path.lstat().st_ctime_ns


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """As a data-root: layers with whiteouts and opaque folders, a database with holes, files of others."""
    folder = tmp_path / "source"
    layer = folder / "snapshots/1/fs"
    (layer / "opaque").mkdir(parents=True, mode=0o1777)
    os.setxattr(layer / "opaque", "trusted.overlay.opaque", b"y")
    os.mknod(layer / "removed", stat.S_IFCHR | 0o600, WHITEOUT)
    os.mknod(layer / "disk", stat.S_IFBLK | 0o660, os.makedev(7, 9))
    os.mkfifo(layer / "pipe", 0o620)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(layer / "socket"))
    (layer / "su").write_text("su")
    (layer / "su").chmod(0o4755)
    (layer / "ping").write_text("ping")
    os.chown(layer / "ping", 1000, 1001)
    # VFS_CAP_REVISION_2, permitted and effective: CAP_NET_RAW (linux/capability.h)
    os.setxattr(layer / "ping", "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))
    (layer / "one").write_text("three names")
    os.link(layer / "one", layer / "two")
    os.link(layer / "one", folder / "three")
    (layer / "link").symlink_to("nowhere")
    os.chown(layer / "link", 1000, 1000, follow_symlinks=False)
    (layer / NOT_TEXT).write_bytes(b"\0\xff")
    (layer / "empty").touch(mode=0o000)
    with (folder / "meta.db").open("wb") as file:
        file.seek(8 * 1024**2)
        file.write(b"page")
        file.truncate(32 * 1024**2)
    for number, path in enumerate(sorted(folder.rglob("*"), key=str)):
        os.utime(path, ns=(number, 10**18 + number), follow_symlinks=False)
    os.utime(folder, ns=(1, 2))
    folder.chmod(0o710)
    return folder


def made(source: Path, trusted: float = 0.0, *, live: bool = False) -> Path:
    tree_copy.copy("/source", "/disk/target", trusted, live=live)
    return source.parent / "disk/target"


def test_all_is_kept(source: Path) -> None:
    before = facts(source)
    target = made(source)
    assert facts(target) == before == facts(source)
    assert len(before["three"][-1]) == 3
    assert before["snapshots/1/fs/removed"][4] == WHITEOUT
    assert (target / "meta.db").stat().st_blocks * 512 < 1024**2, "holes are not filled"


def test_a_second_pass_copies_what_changed_and_nothing_else(source: Path) -> None:
    begun = time.time() + 1  # all that is there is from before it
    target = made(source, live=True)
    former, layer = settled(target / "meta.db"), source / "snapshots/1/fs"
    time.sleep(1.1)
    text = (layer / "su").stat()
    (layer / "su").write_text("SU")  # as long as before, and with its former time
    os.utime(layer / "su", ns=(text.st_atime_ns, text.st_mtime_ns))
    os.setxattr(layer / "opaque", "trusted.overlay.opaque", b"x")
    (layer / "two").unlink()
    (layer / "two").write_text("of its own")
    (layer / "removed").unlink()
    (layer / "removed").mkdir()
    (layer / "pipe").rename(layer / "renamed")
    os.link(layer / "ping", layer / "new")
    made(source, begun)
    assert facts(target) == facts(source)
    assert settled(target / "meta.db") == former


def test_names_that_are_no_longer_of_one_file(source: Path) -> None:
    target, layer = made(source), source / "snapshots/1/fs"
    for path in (layer / "one", layer / "two"):
        found = path.stat()
        path.unlink()
        path.write_text("three names")
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    made(source, time.time() + 60)
    assert facts(target) == facts(source)


@pytest.mark.parametrize("number", range(0, 14, 2))
def test_killed_at_any_file_the_next_pass_completes_it(
    number: int, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(100))

    def killing(*names: bytes) -> None:
        if next(calls) == number:
            raise KeyboardInterrupt
        os.rename(*names)  # noqa: PTH104  # what it stands in for

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", killing)
        with pytest.raises(KeyboardInterrupt):
            made(source)
    target = made(source, time.time() + 60)
    assert facts(target) == facts(source)


def test_what_is_only_in_the_target_goes(source: Path) -> None:
    (source.parent / "disk/target/meta.db/folder").mkdir(parents=True)
    (source.parent / "disk/target/snapshots").write_text("a file")
    assert facts(made(source)) == facts(source)


def test_what_the_target_cannot_keep_is_told(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_names: object, **_options: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", unsupported)
    with pytest.raises(HostError, match=r"the attribute trusted\.overlay\.opaque is not kept"):
        made(source)


def test_a_live_pass_passes_over_what_vanishes(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.lstat

    def vanishing(path: bytes) -> os.stat_result:
        if path.endswith(b"/source/three"):
            raise FileNotFoundError(path)
        return real(path)

    monkeypatch.setattr(os, "lstat", vanishing)
    assert not (made(source, live=True) / "three").exists()
    with pytest.raises(HostError, match="cannot get the content of /source"):
        made(source)


@pytest.mark.parametrize(
    ("change", "is_trusted"),
    [
        pytest.param({}, True, id="the same boot"),
        pytest.param({"boot": "another"}, False, id="another boot, maybe after a power failure"),
        pytest.param({"ahead": 0.0}, False, id="the clock was set"),
    ],
)
def test_which_copies_are_trusted(change: dict[str, t.Any], is_trusted: bool) -> None:
    begun = tree_copy.start()
    assert tree_copy.trusted(replace(begun, **change)) == pytest.approx(begun.clock - 2 if is_trusted else 0)


def test_the_size_counts_a_file_once(source: Path) -> None:
    size = trees.measure("/source")
    assert size.inodes == len({path.lstat().st_ino for path in source.rglob("*")})
    assert 0 < size.used < 1024**2
    assert trees.measure("/missing") == trees.Size()


def test_removed(source: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (source / "out").symlink_to("../elsewhere")
    trees.remove("/source")
    trees.remove("/source")
    assert not source.exists()
    assert (tmp_path / "elsewhere").exists()
    assert trees.is_empty("/source")
    assert trees.is_empty("/elsewhere")
    assert not trees.is_empty("/")
