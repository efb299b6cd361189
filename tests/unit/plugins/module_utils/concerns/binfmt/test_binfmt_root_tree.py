# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root file system of an image in a folder: what is taken of its layers, what is marked, and what never happens."""

from __future__ import annotations

import io
import tarfile
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.probe import probe
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.root_tree import (
    MARK,
    Layers,
    mark,
    marked,
    unpack,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

S390X = FORMATS["s390x"]
PROGRAM = probe("linux/s390x")
Entry: t.TypeAlias = "tuple[str, bytes | str | int, int]"
"""The name; content of a file, target of a link ("=" before that of a hard one), or type of another; its mode."""


def layer(*entries: Entry, mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, what, rights in entries:
            member = tarfile.TarInfo(name.rstrip("/"))
            member.mode = rights
            content = what if isinstance(what, bytes) else b""
            member.size = len(content)
            if isinstance(what, str):
                member.type = tarfile.LNKTYPE if what.startswith("=") else tarfile.SYMTYPE
                member.linkname = what.lstrip("=")
            elif isinstance(what, int):
                member.type = bytes([what])
            elif name.endswith("/"):
                member.type = tarfile.DIRTYPE
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def layers(*archives: bytes) -> Layers:
    def opened() -> Iterator[tarfile.TarFile]:
        for each in archives:
            with tarfile.open(fileobj=io.BytesIO(each)) as tree:
                yield tree

    return opened


def tree(root: Path) -> dict[str, bytes | str | None]:
    """What is in a folder but the usual folders: contents of files, targets of links."""
    found: dict[str, bytes | str | None] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if name not in ("dev", "proc", "tmp"):
            found[name] = str(path.readlink()) if path.is_symlink() else None if path.is_dir() else path.read_bytes()
    return found


LOWER = layer(("a/", b"", 0o755), ("a/one", b"1", 0o644), ("a/two", b"2", 0o644), ("b", b"b", 0o644))


@pytest.mark.parametrize(
    ("archives", "found"),
    [
        pytest.param([LOWER], {"a": None, "a/one": b"1", "a/two": b"2", "b": b"b"}, id="one layer"),
        pytest.param(
            [LOWER, layer(("./a/one", b"new", 0o644), mode="w:gz")],
            {"a": None, "a/one": b"new", "a/two": b"2", "b": b"b"},
            id="the last wins, and may be compressed",
        ),
        pytest.param(
            [LOWER, layer(("a/.wh.one", b"", 0), (".wh.b", b"", 0))],
            {"a": None, "a/two": b"2"},
            id="what a layer removes",
        ),
        pytest.param([LOWER, layer((".wh.a", b"", 0))], {"b": b"b"}, id="a folder is removed with what is in it"),
        pytest.param(
            [LOWER, layer(("a/.wh..wh..opq", b"", 0), ("a/three", b"3", 0o644))],
            {"a": None, "a/three": b"3", "b": b"b"},
            id="a folder is emptied, but for what the same layer has",
        ),
        pytest.param(
            [LOWER, layer(("a", b"file", 0o644))], {"a": b"file", "b": b"b"}, id="a file in place of a folder"
        ),
        pytest.param(
            [LOWER, layer(("b", "a/one", 0o777), ("c", "=a/two", 0o644))],
            {"a": None, "a/one": b"1", "a/two": b"2", "b": "a/one", "c": b"2"},
            id="links",
        ),
        pytest.param(
            [layer(("../out", b"x", 0o644), ("a/../../out", b"x", 0o644), ("/abs", b"x", 0o644))],
            {"abs": b"x"},
            id="nothing leads out",
        ),
        pytest.param(
            [layer(("dev/null", b"x", 0o644), ("dev/x", "/etc/passwd", 0o777), ("n", tarfile.CHRTYPE[0], 0o666))],
            {},
            id="no devices, nor what is in their place",
        ),
    ],
)
def test_what_is_taken(archives: list[bytes], found: dict[str, bytes | str | None], tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    assert unpack(layers(*archives), root, S390X) == 0
    assert tree(root) == found
    assert {each.name for each in root.iterdir()} >= {"dev", "proc", "tmp"}
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("out", ["/", ".."])
def test_nothing_is_written_through_a_link_of_the_image(out: str, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    target = str(tmp_path / "victim") if out == "/" else "../victim"
    (tmp_path / "victim").mkdir()
    lower = layer(("lib", target, 0o777))
    upper = layer(("lib/x", b"written", 0o644))
    with pytest.raises(OSError, match="exists"):
        unpack(layers(lower, upper), tmp_path / "root", S390X)
    assert list((tmp_path / "victim").iterdir()) == []


def test_nobody_becomes_another_user_by_a_file(tmp_path: Path) -> None:
    unpack(layers(layer(("su", b"x", 0o4755), ("d/", b"", 0o2755), ("t/", b"", 0o1777))), tmp_path, S390X)
    modes = [(tmp_path / name).stat().st_mode & 0o7777 for name in ("su", "d", "t")]
    assert modes == [0o755, 0o755, 0o1777]


def test_a_layer_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"^a layer cannot be unpacked \(only gzip and none are known here\): "):
        unpack(layers(b"\x28\xb5\x2f\xfd zstd"), tmp_path, S390X)


OTHER = probe("linux/arm64")


@pytest.mark.parametrize(
    ("name", "content", "mode", "is_marked"),
    [
        pytest.param("sh", PROGRAM, 0o755, True, id="a program"),
        pytest.param("libc.so.6", PROGRAM, 0o755, False, id="a library, which glibc looks at"),
        pytest.param("libm-2.31.so", PROGRAM, 0o755, False, id="another"),
        pytest.param("so.sort", PROGRAM, 0o755, True, id="a program of such a name"),
        pytest.param("data", PROGRAM, 0o644, False, id="not executable"),
        pytest.param("arm64", OTHER, 0o755, False, id="of another platform"),
        pytest.param("script", b"#!/bin/sh\n", 0o755, False, id="a script"),
        pytest.param("short", PROGRAM[:18], 0o755, False, id="cut off"),
    ],
)
def test_what_is_marked(name: str, content: bytes, mode: int, is_marked: bool, tmp_path: Path) -> None:
    assert unpack(layers(layer((name, content, mode))), tmp_path, S390X) == is_marked
    written = (tmp_path / name).read_bytes()
    assert (written != content) is is_marked
    assert written == (content[:9] + MARK + content[16:] if is_marked else content)


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
def test_a_marked_program_is_for_its_own_handler_alone(fmt: object) -> None:
    assert isinstance(fmt, type(S390X))
    usual = Handler("usual", True, "/q", "F", 0, fmt.magic, fmt.mask)
    own = Handler("own", True, "/q", "F", 0, marked(fmt, "own").magic, fmt.mask)
    for header in fmt.headers():
        found = mark("program", header, fmt)
        assert found != header
        assert (usual._matches(header), usual._matches(found)) == (True, False)
        assert (own._matches(header), own._matches(found)) == (False, True)
