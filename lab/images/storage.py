"""A registry's storage, written as files: what pushing the images would have left there, without a push.

The layout is that of the `filesystem` driver of distribution 2.8 (registry/storage/paths.go).
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from lab.images import oci

ROOT = "docker/registry/v2"


def add(storage: Path, layout: Path, repository: str, tag: str) -> str:
    """Add the image of a layout to a repository under a tag and return the digest the registry will serve."""
    repository_folder = storage / ROOT / "repositories" / repository
    digest = oci.top(layout)
    for manifest in _manifests(layout, digest):
        _link(repository_folder / "_manifests/revisions" / manifest.replace(":", "/"), manifest)
        _add_blob(storage, layout, manifest)
        content = oci.read_json(layout, manifest)
        blobs = [*content.get("layers", []), *([content["config"]] if "config" in content else [])]
        for blob in blobs:
            _link(repository_folder / "_layers" / blob["digest"].replace(":", "/"), blob["digest"])
            _add_blob(storage, layout, blob["digest"])
    tag_folder = repository_folder / "_manifests/tags" / tag
    _link(tag_folder / "current", digest)
    _link(tag_folder / "index" / digest.replace(":", "/"), digest)
    return digest


def _manifests(layout: Path, digest: str) -> Iterator[str]:
    yield digest
    for child in oci.read_json(layout, digest).get("manifests", []):
        yield from _manifests(layout, child["digest"])


def _link(folder: Path, digest: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "link").write_text(digest)


def _add_blob(storage: Path, layout: Path, digest: str) -> None:
    algorithm, value = digest.split(":")
    target = storage / ROOT / "blobs" / algorithm / value[:2] / value / "data"
    if not target.exists():
        target.parent.mkdir(parents=True)
        blob = oci.blob_path(layout, digest)
        try:
            os.link(blob, target)  # one copy in the cache, not two
        except OSError as error:
            if error.errno != errno.EXDEV:  # the storage of a running registry is elsewhere
                raise
            shutil.copyfile(blob, target)
