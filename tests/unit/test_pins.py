"""`make pins`, against registries on loopback; and that no pin stands in a second place."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.images import catalogue
from tests.tools import generate, pins
from tests.tools.image_registry import Index, Place, RegistryError, mirror_of
from tests.unit.image_store import INDEX, PROGRAM, Store, real, stand_in

ROOT = Path(__file__).parents[2]
BINFMT, BUILDKIT = map(pins.Pin.of, pins.IMAGES.values())
COLLECTION = ".ansible/collections/ansible_collections/multiarch/builders"
MADE = {each.TARGET.relative_to(ROOT) for each in generate.MADE}
NEVER_HERE = "2026-11-29T00:00:00Z"


def raised(tag: str, by: int) -> str:
    """*tag* with a higher last number."""
    start, number = re.fullmatch(r"(.*?)(\d+)", tag).groups()  # type: ignore[union-attr]
    return f"{start}{int(number) + by}"


def store_with_more() -> tuple[Store, dict[str, pins.Pin]]:
    """Images like those of the pins, newer ones, and what is no newer one. The pins to expect, by the digest now."""
    store, newer = Store(), {}
    for pin in (BINFMT, BUILDKIT):
        name, expected, next_one = pin.repository.partition("/")[2], raised(pin.tag, 9), raised(pin.tag, 10)
        others = ("-rc1", "-rootless", "-ubuntu", "-rc1-rootless")
        for tag in (
            pin.tag,
            raised(pin.tag, 1),
            "latest",
            "v0.33",
            "buildx-stable-1",
            *(next_one + each for each in others),
        ):
            store.add(name, tag)
        store.add(name, f"buildkit-{next_one}")
        newer[pin.digest] = pins.Pin(pin.repository, expected, store.add(name, expected, NEVER_HERE))
    return store, newer


def as_pinned(store: Store, folder: Path) -> dict[str, str]:
    """Copy what is made and what makes it into *folder*, with the digests of *store* as pins. {old digest: new}."""
    for name in ("plugins", "roles", "docs", "tests/tools", "lab"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.png"))
    (folder / COLLECTION).parent.mkdir(parents=True)
    (folder / COLLECTION).symlink_to(folder)
    here = {pin.digest: store.tags[pin.repository.partition("/")[2]][pin.tag] for pin in (BINFMT, BUILDKIT)}
    for path in (pins.SOURCE.relative_to(ROOT), *MADE):
        text = (folder / path).read_text()
        for old, new in here.items():
            text = text.replace(old, new)
        (folder / path).write_text(text)
    return here


def files_of(folder: Path) -> dict[Path, bytes]:
    files = (each for each in folder.rglob("*") if each.is_file() and "__pycache__" not in each.parts)
    return {each.relative_to(folder): each.read_bytes() for each in files if ".ansible" not in each.parts}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.tools.pins", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


REGISTRIES = [
    pytest.param(stand_in, id="stand-in"),
    pytest.param(
        real,
        id="docker-registry",
        marks=pytest.mark.skipif(not PROGRAM, reason="no docker-registry: Debian's package has it"),
    ),
]


@pytest.mark.parametrize("serve", REGISTRIES)
def test_what_is_newer_is_written_everywhere_and_nothing_else_changes(serve: Any, tmp_path: Path) -> None:
    store, newer = store_with_more()
    project, registry = tmp_path / "project", tmp_path / "registry"
    registry.mkdir()
    pinned = as_pinned(store, project)
    with serve(store, registry) as host:
        before = files_of(project)
        looked = run(project, f"--mirror={host}")
        assert (looked.returncode, looked.stderr) == (0, "")
        assert files_of(project) == before
        for pin in newer.values():
            assert f"  newest  {pin.tag}  {pin.digest}  built 2026-11-29, " in looked.stdout
        assert "Pin what is newer: make pins WRITE=1" in looked.stdout

        written = run(project, f"--mirror={host}", "--write")
        assert (written.returncode, written.stderr) == (0, "")
        again = run(project, f"--mirror={host}")
    after = files_of(project)
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {pins.SOURCE.relative_to(ROOT), *MADE} - {Path("docs/report.schema.json")}
    assert after.keys() == before.keys()
    for path in changed:
        text = after[path].decode()
        for former in (BINFMT, BUILDKIT):
            pin = newer[former.digest]
            text = text.replace(pin.digest, pinned[former.digest]).replace(f":{pin.tag}", f":{former.tag}")
        assert text.encode() == before[path]
    assert [f"  pinned  {pin.tag}  {pin.digest}" in again.stdout for pin in newer.values()] == [True, True]
    assert "newest" not in again.stdout


Fault = Callable[[Store], None]


def bytes_of_index(store: Store) -> None:
    """Other bytes than the digest in the header, as of a registry that was broken into."""
    digest = store.tags["moby/buildkit"]["v2.0.1"]
    kind, body = store.manifests[digest]
    store.manifests[digest] = (kind, body + b"\n")


def bytes_of_config(store: Store) -> None:
    digest = next(digest for digest, body in store.blobs.items() if b'"v2.0.1"' in body)
    store.blobs[digest] += b"\n"


def one_platform(store: Store) -> None:
    _kind, body = store.manifests[store.tags["moby/buildkit"]["v2.0.1"]]
    digest = json.loads(body)["manifests"][0]["digest"]
    store.tags["moby/buildkit"]["v2.0.1"] = digest
    store.manifests[digest] = (INDEX, store.manifests[digest][1])


def gone(store: Store) -> None:
    del store.manifests[store.tags["moby/buildkit"]["v2.0.0"]]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param(bytes_of_index, "moby/buildkit, v2.0.1: its bytes have the digest sha256:", id="an index"),
        pytest.param(bytes_of_config, ": its bytes have the digest sha256:", id="a config"),
        pytest.param(one_platform, "v2.0.1: is no index, but an image for a single platform", id="one platform"),
        pytest.param(gone, ": HTTP 404 Not Found", id="the pin is gone"),
    ],
)
def test_a_registry_that_is_wrong_is_refused(
    fault: Fault, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store, source = Store(), tmp_path / "options.py"
    former = pins.Pin("docker.io/moby/buildkit", "v2.0.0", store.add("moby/buildkit", "v2.0.0"))
    store.add("moby/buildkit", "v2.0.1")
    good = pins.Pin("docker.io/tonistiigi/binfmt", "v1", store.add("tonistiigi/binfmt", "v1"))
    store.add("tonistiigi/binfmt", "v2")
    fault(store)
    images = {each.repository: f"{each.repository}:{each.tag}@{each.digest}" for each in (former, good)}
    source.write_text(str(images))
    monkeypatch.setattr(pins, "IMAGES", images)
    monkeypatch.setattr(pins, "SOURCE", source)
    with stand_in(store, tmp_path) as host:
        assert pins.main([f"--mirror={host}", "--write"]) == 1
    captured = capsys.readouterr()
    assert told in captured.err
    assert "Nothing was written" in captured.out
    assert source.read_text() == str(images)


def test_a_tag_that_names_another_index_now_is_told_and_not_pinned(tmp_path: Path) -> None:
    store = Store()
    former = pins.Pin("docker.io/moby/buildkit", "v1.0.0", store.add("moby/buildkit", "v1.0.0"))
    other = store.add("moby/buildkit", "v1.0.0", NEVER_HERE)
    with stand_in(store, tmp_path) as host:
        found = pins.look_up(former, mirror_of(host))
    assert found.newest == former
    today = datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC)
    assert pins.told("BuildKit", former, found, today)[2:] == [
        f"  changed v1.0.0  {other}  built 2026-11-29, 1 days ago: ask why before you pin it by hand"
    ]


def test_nobody_there() -> None:
    with pytest.raises(RegistryError, match="http://localhost:1/v2/moby/buildkit/tags/list"):
        pins.look_up(BUILDKIT, mirror_of("localhost:1"))


@pytest.mark.parametrize(
    ("tag", "tags", "newest"),
    [
        pytest.param("v0.9.0", ["v0.10.0", "v0.9.1"], "v0.10.0", id="numbers, not text"),
        pytest.param("v0.33.0", ["v0.34.0-rc1", "v0.34.0-rootless", "v0.34.0-ubuntu", "v0.34"], "v0.33.0", id="others"),
        pytest.param("v0.33.0-rootless", ["v0.34.0", "v0.34.0-rootless"], "v0.34.0-rootless", id="its own line"),
        pytest.param("v0.33.0", ["v0.32.9"], "v0.33.0", id="older"),
        pytest.param("v0.33.0", [], "v0.33.0", id="none"),
        pytest.param(
            "qemu-v9.2.2-52", ["qemu-v10.2.3-68", "buildkit-v11.0.0-70", "qemu-v12.0.0"], "qemu-v10.2.3-68", id="qemu"
        ),
        pytest.param("qemu-v10.2.3-68", ["qemu-v10.2.3-9", "qemu-v10.2.3-70"], "qemu-v10.2.3-70", id="built again"),
        pytest.param("v1.0", ["v1.10", "v1x2", "v1.0\n"], "v1.10", id="a dot is a dot"),
    ],
)
def test_the_newest_of_a_line(tag: str, tags: list[str], newest: str) -> None:
    assert pins.newest_of(tag, tags) == newest


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("localhost:5000", Place("localhost:5000", http=True), id="loopback"),
        pytest.param("harbor.example/hub", Place("harbor.example", "hub/"), id="a project"),
        pytest.param("http://mirror.example:5000/", Place("mirror.example:5000", http=True), id="without TLS"),
        pytest.param("https://localhost:5000", Place("localhost:5000"), id="loopback with TLS"),
    ],
)
def test_mirrors(text: str, place: Place) -> None:
    assert mirror_of(text) == place


def test_an_age_that_nobody_knows() -> None:
    index = Index("sha256:1", None)
    found = pins.Found(index, index, pins.Pin("a", "v1", "sha256:1"), index)
    assert pins.told("x", found.newest, found, datetime.datetime.now(datetime.UTC)) == [
        "x, a",
        "  pinned  v1  sha256:1  age unknown",
    ]


def texts() -> Iterator[tuple[Path, str]]:
    """Every file that git knows, as text."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("no git here")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            yield Path(name), path.read_bytes().decode(errors="ignore")


def test_no_pin_stands_in_a_second_place() -> None:
    """By hand: what `make pins` does not change would be wrong after it."""
    allowed = {pins.SOURCE.relative_to(ROOT), *MADE}
    said = {pin.digest for pin in (BINFMT, BUILDKIT)} | {
        f"{pin.repository.rpartition('/')[2]}:{pin.tag}" for pin in (BINFMT, BUILDKIT)
    }
    assert [(str(path), each) for path, text in texts() if path not in allowed for each in said if each in text] == []


def test_the_lab_has_the_same_pins() -> None:
    assert [str(each) for each in (catalogue.BINFMT, catalogue.BUILDKIT)] == list(pins.IMAGES.values())


def test_a_pin_is_replaced_where_it_stands_and_only_once() -> None:
    source = pins.SOURCE.read_text()
    newer = pins.Pin(BUILDKIT.repository, "v9.9.9", "sha256:" + "0" * 64)
    changed = pins.replaced(source, BUILDKIT, newer)
    assert f"{newer.repository}:{newer.tag}@{newer.digest}" in changed
    with pytest.raises(RegistryError, match=f"has {BUILDKIT.repository}:{BUILDKIT.tag} 2 times"):
        pins.replaced(source + source, BUILDKIT, newer)
