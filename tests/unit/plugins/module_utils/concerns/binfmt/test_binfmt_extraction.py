"""Emulators out of an archive as `docker save` writes it, and where those of an image lie."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.execution import BrokenError
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.extraction import (
    Contents,
    from_archive,
    from_docker,
    install,
    version_in,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS, ElfFormat
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.image import (
    folder_of,
    in_folder,
    installed,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.binfmt.archives import tar
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)


def saved(layers: list[bytes], folder: Path) -> str:
    """A `docker save` archive with *layers*."""
    names = [f"blobs/sha256/{number}" for number in range(len(layers))]
    config = {"config": {"Env": ["PATH=/bin", "QEMU_PRESERVE_ARGV0=1"]}}
    files = {
        "manifest.json": json.dumps([{"Config": "config.json", "RepoTags": ["a:b"], "Layers": names}]).encode(),
        "config.json": json.dumps(config).encode(),
        **dict(zip(names, layers)),
    }
    path = folder / "image.tar"
    path.write_bytes(tar(files))
    return str(path)


def test_the_last_layer_wins_and_only_what_is_asked_for_is_taken(tmp_path: Path) -> None:
    lower = tar({"usr/bin/qemu-arm": b"old", "usr/bin/qemu-s390x": b"z", "usr/bin/binfmt": b"go"})
    upper = tar({"./usr/bin/qemu-arm": b"new"}, "w:gz")
    found = from_archive(saved([lower, upper], tmp_path), ["qemu-arm", "qemu-mips64"])
    assert found.emulators == {"qemu-arm": b"new"}
    assert "QEMU_PRESERVE_ARGV0=1" in found.environment


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(None, "is not on this host", id="no file"),
        pytest.param(b"no archive", "is not an archive of `docker save`", id="no archive"),
        pytest.param(tar({"a": b""}), "is not an archive of `docker save`", id="another archive"),
        pytest.param(tar({"manifest.json": b"[]"}), "is not an archive of `docker save`", id="no image in it"),
    ],
)
def test_what_is_no_archive_is_told(content: bytes | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(HostError, match=told):
        from_archive(str(path), ["qemu-arm"])


def test_each_pin_has_a_folder_of_its_own() -> None:
    pins = ["a/b@sha256:" + "0" * 64, "a/b@sha256:" + "1" * 64, "a/b:1", "a/b:2"]
    assert len({folder_of(pin) for pin in pins}) == len(pins)
    assert folder_of("a/b:1@sha256:" + "0" * 64) == folder_of(pins[0])  # the digest counts


@pytest.mark.parametrize(
    "about", ["", "{", "[]", '{"flags": "CF"}'], ids=["nothing", "cut off", "no mapping", "no version"]
)
def test_a_damaged_folder_counts_as_empty(about: str, tmp_path: Path) -> None:
    (tmp_path / "image.json").write_text(about)
    assert in_folder(str(tmp_path)) is None


def test_a_whole_folder_tells_its_emulators(tmp_path: Path) -> None:
    (tmp_path / "image.json").write_text('{"image": "a/b:1", "flags": "CFP", "version": "10.0.13"}')
    (tmp_path / "qemu-arm").write_bytes(b"")
    found = in_folder(str(tmp_path))
    assert found is not None
    assert (found.binaries, found.flags, found.version) == (frozenset({"qemu-arm"}), "CFP", "10.0.13")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param("qemu-aarch64 version 10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)\n", "10.0.13", id="Debian 13"),
        pytest.param("", "unknown", id="it did not run"),
    ],
)
def test_the_version_of_an_emulator(text: str, version: str) -> None:
    assert version_in(text) == version


@pytest.mark.parametrize(
    ("image", "mirrors", "told"),
    [
        pytest.param("docker.io/a/b:1", ["https://m.example/"], True, id="a mirror failed, too"),
        pytest.param("docker.io/a/b:1", [], False, id="no mirrors"),
        pytest.param("r.example/a/b:1", ["https://m.example/"], False, id="mirrors of another registry"),
    ],
)
def test_a_failed_pull_tells_that_mirrors_were_asked(
    image: str, mirrors: list[str], told: bool, dockerd: DockerdStandIn, docker: Docker
) -> None:
    """dockerd's own answer names Docker Hub alone (moby/moby, distribution/pull.go: the last endpoint's error)."""
    dockerd.answers["POST /images/create"] = as_json({"message": 'Get "https://hub/v2/": timeout'}, 500)
    dockerd.answers["GET /info"] = as_json({"RegistryConfig": {"Mirrors": mirrors}})
    with pytest.raises(HostError, match="timeout") as error:
        from_docker(image, ["qemu-arm"], docker, None)
    assert ("docker asked https://m.example/ before that" in str(error.value)) is told


S390X, ARM64, RISCV64 = FORMATS["s390x"], FORMATS["arm64"], FORMATS["riscv64"]
IMAGE = "a/b:1"
# Stand-ins for emulators: they say what the probe would, or nothing.
EMULATORS = {
    "qemu-s390x": b"#!/bin/sh\necho s390x\n",
    "qemu-aarch64": b"#!/bin/sh\necho aarch64\n",
    "qemu-riscv64": b"#!/bin/sh\nexit 1\n",
}


@pytest.fixture
def place(var_tmp: Path, tmp_path: Path) -> Path:
    """Where the emulators of IMAGE will be."""
    assert var_tmp.exists()
    return tmp_path / folder_of(IMAGE).lstrip("/")


def contents(names: t.Sequence[str]) -> Contents:
    return Contents({name: EMULATORS[name] for name in names}, ["QEMU_PRESERVE_ARGV0=1"])


def test_emulators_that_work_are_taken_and_others_are_not(place: Path) -> None:
    tried = []

    def canary(emulator: str, fmt: ElfFormat, flags: str) -> None:
        tried.append((Path(emulator).exists(), fmt.architecture, flags))
        if fmt is ARM64:
            raise BrokenError("the canary died")

    rejected = install(IMAGE, [ARM64, S390X, RISCV64], contents, canary)
    assert {fmt: str(why)[:20] for fmt, why in rejected.items()} == {
        ARM64: "the canary died",
        RISCV64: "linux/riscv64: a pro",
    }
    assert tried == [(True, "arm64", "CFP"), (True, "s390x", "CFP")]  # what fails the probe is not tried further
    assert sorted(each.name for each in place.iterdir()) == ["image.json", "qemu-s390x"]
    there = installed(IMAGE)
    assert there is not None
    assert (there.binaries, list(there.written)) == (frozenset({"qemu-s390x"}), ["qemu-s390x"])


def test_where_none_works_nothing_is_there(place: Path) -> None:
    assert list(install(IMAGE, [RISCV64], contents)) == [RISCV64]
    assert list(place.iterdir()) == []
    assert installed(IMAGE) is None


def test_what_is_registered_at_boot_is_there_after_a_power_failure(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(str(Path(f"/proc/self/fd/{file}").readlink())))
    install(IMAGE, [S390X], contents)
    assert synced[:2] == [f"{place}/.qemu-s390x", str(place)]


def test_one_that_fails_does_not_take_the_place_of_the_same_one_that_is_there(place: Path) -> None:
    assert install(IMAGE, [S390X], contents) == {}

    def canary(_emulator: str, _fmt: ElfFormat, _flags: str) -> None:
        raise BrokenError("the canary died")

    before = (place / "qemu-s390x").stat().st_ino
    assert list(install(IMAGE, [S390X], contents, canary)) == [S390X]
    assert (place / "qemu-s390x").stat().st_ino == before
    there = installed(IMAGE)
    assert there is not None
    assert list(there.written) == ["qemu-s390x"]
