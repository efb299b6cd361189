"""The mirror's whole storage as one cached folder, and the list of what is in it and where it came from."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab import caching
from lab.command import run
from lab.errors import RefusalError
from lab.images import storage
from lab.images.catalogue import IMAGES, Image
from lab.images.sources import (
    ARCHIVE,
    PULLED,
    STAND_IN,
    Reference,
    archive_tag,
    hub_answers,
    pull,
    unpack_archive,
)
from lab.progress import timed
from lab.registry import MIRROR_STORAGE
from lab.settings import IMAGES_FILE, UID_BASE

LIST = "images.json"
Entry = dict[str, str]  # reference and source
COMMON = tuple(Path(__file__).parent / name for name in ("oci.py", "tree.py", "packages.py", "storage.py"))


@dataclass(frozen=True)
class Chosen:
    """An image and the source decided for it."""

    image: Image
    source: str
    key: str
    archive: Path | None = None


@cache
def _hub_answers(pin: Reference) -> bool:
    return hub_answers(pin)


def check_archives(folder: Path) -> None:
    """Refuse a folder without a usable archive, before anything is built."""
    names = [image.archive for image in IMAGES if image.archive]
    found = [folder / name for name in names if (folder / name).is_file()]
    if not found:
        raise RefusalError(f"{folder} has none of {', '.join(names)}; `docker save -o NAME IMAGE` writes them.")
    for archive in found:
        archive_tag(archive, otherwise="")


def choose(image: Image, archives: Path | None) -> Chosen:
    """Decide where an image comes from: an archive before Docker Hub before a stand-in."""
    archive = archives / image.archive if archives and image.archive else None
    if archive and archive.is_file():
        with archive.open("rb") as file:
            status = os.fstat(file.fileno())
        key = caching.key_of(str(archive.resolve()), status.st_size, status.st_mtime_ns)
        return Chosen(image, ARCHIVE, key, archive)
    if image.pin:
        key = caching.key_of(str(image.pin))
        if caching.find(_folder(image, PULLED), key) or _hub_answers(image.pin):
            return Chosen(image, PULLED, key)
    texts = [file.read_text() for file in (*image.sources, *COMMON)]
    return Chosen(image, STAND_IN, caching.key_of(image.name, texts))


def _folder(image: Image, source: str) -> str:
    return f"image-{image.name}-{source}"


def _layout(chosen: Chosen) -> tuple[Path, str]:
    """The cached layout of an image and the tag it gets."""
    image = chosen.image

    def build(unfinished: Path) -> None:
        with timed(f"Image {image.repository} ({image.name}), {chosen.source}"):
            layout = unfinished / "layout"
            layout.mkdir()
            if chosen.archive:
                unpack_archive(chosen.archive, layout)
                tag = archive_tag(chosen.archive, f"archive-{chosen.key}")
            elif chosen.source == PULLED and image.pin:
                pull(image.pin, layout)
                tag = image.pin.tag
            else:
                tag = image.build(layout)
            (unfinished / "tag").write_text(tag)

    folder = caching.ensure(_folder(image, chosen.source), chosen.key, build)
    return folder / "layout", (folder / "tag").read_text()


def ensure(archives: Path | None, pool: ThreadPoolExecutor) -> Path:
    """The cached folder of the storage: `root` to lay under the registry host, and the list of images."""
    chosen = [choose(image, archives) for image in IMAGES if image.default]
    layouts = list(pool.map(_layout, chosen))

    def build(unfinished: Path) -> None:
        root = unfinished / "root"
        images = {}
        for one, (layout, tag) in zip(chosen, layouts, strict=True):
            images[one.image.name] = _add(root, one, layout, tag)
        _own(root)
        (unfinished / LIST).write_text(_as_text(images))

    return caching.ensure("images", caching.key_of([(one.source, one.key) for one in chosen]), build)


def serve(name: str, root: Path, archives: Path | None) -> None:
    """Add an image to a running registry, whose root file system this is, and to the list."""
    chosen = choose(next(image for image in IMAGES if image.name == name), archives)
    layout, tag = _layout(chosen)
    entry = _add(root, chosen, layout, tag)
    _own(root / MIRROR_STORAGE.lstrip("/"))
    new = IMAGES_FILE.with_name(f"{IMAGES_FILE.name}.new")
    new.write_text(_as_text({**_list(), name: entry}))
    new.replace(IMAGES_FILE)


def _add(root: Path, chosen: Chosen, layout: Path, tag: str) -> Entry:
    """Put an image into the registry of a root file system."""
    digest = storage.add(root / MIRROR_STORAGE.lstrip("/"), layout, chosen.image.repository, tag)
    return {"reference": str(Reference(chosen.image.repository, tag, digest)), "source": chosen.source}


def _own(folder: Path) -> None:
    """The registry's root user owns it all; set, not shifted: the blobs are links into other caches."""
    run(["chown", "-R", f"{UID_BASE}:{UID_BASE}", str(folder)])


def _as_text(images: dict[str, Entry]) -> str:
    return json.dumps(images, indent=2) + "\n"


def _list() -> dict[str, Entry]:
    return dict(json.loads(IMAGES_FILE.read_text())) if IMAGES_FILE.exists() else {}


def listed() -> dict[str, tuple[str, str]]:
    """Each image the mirror serves: its name, its source and its reference."""
    return {name: (entry["source"], entry["reference"]) for name, entry in _list().items()}
