# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emulators on the host: whether each is still the one that was written, and at what price that is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import extraction, image
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.extraction import Contents
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.image import Written, damage
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.source import ImageSource
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import FileState
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at

WRITTEN = Written("d" * 64, 100, 5)
S390X, ARM64 = FORMATS["s390x"], FORMATS["arm64"]


@pytest.mark.parametrize(
    ("found", "written", "digest", "told"),
    [
        pytest.param(FileState(0o755, 0, 0, 100, 5), WRITTEN, None, None, id="untouched: not read"),
        pytest.param(FileState(0o755, 0, 0, 100, 6), WRITTEN, "d" * 64, None, id="touched: read, and the same"),
        pytest.param(
            FileState(0o755, 0, 0, 100, 6), WRITTEN, "e" * 64, "/e is not as it was written", id="other bytes"
        ),
        pytest.param(FileState(0o755, 0, 0, 99, 6), WRITTEN, None, "/e is not as it was written", id="cut: not read"),
        pytest.param(None, WRITTEN, None, "/e is not there", id="gone"),
        pytest.param(FileState(0o755, 0, 0, 7, 7), None, None, None, id="of an earlier version: nothing is known"),
    ],
)
def test_damage(found: FileState | None, written: Written | None, digest: str | None, told: str | None) -> None:
    def read() -> str:
        assert digest is not None, "it was read"
        return digest

    assert damage("/e", found, written, read) == told


@pytest.fixture
def source(tmp_path: Path, no_docker: Docker) -> ImageSource:
    """The emulators of an image, of which none is on the host yet."""
    (tmp_path / "var/tmp").mkdir(parents=True)
    return ImageSource("a/b:1", None, (), no_docker)


def install(source: ImageSource, **contents: bytes) -> None:
    """Each *content* makes a program that tells a version, and its own name for whatever it is to run."""
    script = b'#!/bin/sh\ntest "$1" = --version && echo qemu version 1.0 || echo %s # %s'
    found = {f"qemu-{name}": script % (name.encode(), content) for name, content in contents.items()}
    formats = [each for each in (S390X, ARM64) if each.binary in found]
    extraction.install(source.image, formats, lambda _names: Contents(found, ()))


def test_what_is_written_is_known_and_one_that_comes_later_does_not_make_the_others_unknown(
    source: ImageSource,
) -> None:
    assert source.emulator(S390X).line is None
    install(source, s390x=b"1")
    install(source, aarch64=b"2")
    for fmt in (S390X, ARM64):
        found = source.emulator(fmt)
        assert (found.line is not None, found.damage) == (True, "")
    path = f"{image.folder_of(source.image)}/qemu-s390x"
    at(path).write_bytes(at(path).read_bytes() + b"x")
    assert source.emulator(S390X).damage == f"{path} is not as it was written"
    assert source.emulator(S390X).line is None
    assert source.emulator(ARM64).damage == ""
    install(source, s390x=b"1")
    assert source.emulator(S390X).damage == ""


def test_one_of_an_earlier_version_is_taken_as_it_is(source: ImageSource) -> None:
    install(source, s390x=b"1")
    about = at(image.folder_of(source.image)) / image.ABOUT
    about.write_text('{"flags": "CF", "version": "1.0"}')
    assert source.emulator(S390X).line is not None


@pytest.mark.parametrize("written", ['"x"', '{"qemu-arm": 1}', '{"qemu-arm": {"sha256": "a"}}'])
def test_a_damaged_memory_is_none(written: str, tmp_path: Path) -> None:
    (tmp_path / image.ABOUT).write_text(f'{{"flags": "CF", "version": "1", "written": {written}}}')
    assert image.in_folder(str(tmp_path)) is None
