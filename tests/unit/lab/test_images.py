"""Layouts, a registry's storage and the stand-in's messages: plain data in, plain data out."""

from __future__ import annotations

import errno
import re
import struct
from pathlib import Path

import pytest

from lab.images import binfmt, oci, storage, tree
from lab.images.catalogue import IMAGES
from lab.standins import history
from lab.vm import commands

ROOT = Path(__file__).parents[3]


def layout_of(tmp_path: Path) -> Path:
    layout = tmp_path / "layout"
    images = []
    for platform in (oci.Platform("amd64"), oci.Platform("arm", "v7")):
        root = tmp_path / f"root-{platform.architecture}"
        tree.write(root, "/bin/tool", platform.architecture, 0o755)
        tree.link(root, "/bin/sh", "tool")
        layer = tree.pack(root, tmp_path / f"{platform.architecture}.tar")
        images.append(oci.add_image(layout, platform, [layer], {"Cmd": ["sh"]}))
    oci.finish(layout, images)
    return layout


def test_the_same_content_has_the_same_digest(tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        digests.add(oci.top(layout_of(tmp_path / name)))
    assert len(digests) == 1


def test_storage_has_every_blob_and_link(tmp_path: Path) -> None:
    layout = layout_of(tmp_path)
    digest = storage.add(tmp_path / "storage", layout, "library/tool", "1")
    top = tmp_path / "storage" / storage.ROOT
    repository = top / "repositories/library/tool"
    assert (repository / "_manifests/tags/1/current/link").read_text() == digest
    platforms = [entry["platform"] for entry in oci.read_json(layout, digest)["manifests"]]
    assert platforms == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm", "os": "linux", "variant": "v7"},
    ]
    # an index, and for each of two platforms a manifest, a configuration and a layer
    assert len(list((repository / "_manifests/revisions").rglob("link"))) == 3
    assert len(list((repository / "_layers").rglob("link"))) == 4
    assert len(list((top / "blobs").rglob("data"))) == 7


def test_storage_elsewhere_has_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a registry that runs is on a file system of its own."""

    def refuse(source: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link", source, target)

    monkeypatch.setattr("os.link", refuse)
    layout = layout_of(tmp_path)
    digest = storage.add(tmp_path / "storage", layout, "library/tool", "1")
    value = digest.partition(":")[2]
    blob = tmp_path / "storage" / storage.ROOT / "blobs/sha256" / value[:2] / value / "data"
    assert blob.read_bytes() == oci.blob_path(layout, digest).read_bytes()


def named(inventory: str) -> set[str]:
    """The images that an inventory's builders use."""
    return set(re.findall(r"lab_images\.(\w+)", (ROOT / "inventory" / inventory).read_text()))


def test_what_an_inventory_names_is_served() -> None:
    assert named("lab/group_vars/builders/main.yml") == {image.name for image in IMAGES if image.default}
    assert named("lab-arm64/group_vars/builders/processor.yml") == set(commands.IMAGES)


@pytest.mark.parametrize(
    ("package", "version"),
    [("1:10.0.13+ds-0+deb13u1", "10.0.13"), ("1:11.1.2+ds-1+b1\n", "11.1.2"), ("9.2.0", "9.2.0")],
)
def test_version_of_an_emulator(package: str, version: str) -> None:
    assert binfmt.version_of(package) == version


def test_what_is_for_this_architecture_has_no_word_of_it_in_its_tag() -> None:
    assert [oci.tag("v1", architecture) for architecture in ("amd64", "arm64")] == ["v1", "v1-arm64"]


def test_catalogue_names_are_unique_and_pins_are_digests() -> None:
    assert len({image.name for image in IMAGES}) == len(IMAGES)
    for image in IMAGES:
        assert image.pin is None or image.pin.digest.removeprefix("sha256:").isalnum()
        assert all(file.is_file() for file in image.sources)


def field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2, len(value)]) + value


RECORD = field(1, b"build1") + field(6, b"\x08\x05")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (field(2, RECORD), {"record": {"Ref": "build1", "CreatedAt": {"seconds": 5}}}),
        (
            b"\x08\x01" + field(2, RECORD + field(7, b"\x08\xac\x02\x10\x07")),
            {
                "type": 1,
                "record": {
                    "Ref": "build1",
                    "CreatedAt": {"seconds": 5},
                    "CompletedAt": {"seconds": 300, "nanos": 7},
                },
            },
        ),
    ],
    ids=["started", "complete"],
)
def test_build_history(message: bytes, expected: history.Json) -> None:
    body = b"\x00" + struct.pack(">I", len(message)) + message
    assert list(history.events(body * 2)) == [expected, expected]
