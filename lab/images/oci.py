"""Images as OCI image layouts in a folder (github.com/opencontainers/image-spec, image-layout.md)."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"  # not compressed: nothing here travels further than a bridge

Json = dict[str, Any]


@dataclass(frozen=True)
class Platform:
    """A platform as an image index names it."""

    architecture: str
    variant: str = ""

    def fields(self) -> Json:
        """Its JSON form."""
        fields = {"architecture": self.architecture, "os": "linux"}
        return {**fields, "variant": self.variant} if self.variant else fields


def tag(version: str, architecture: str) -> str:
    """The tag of a stand-in, which is for one architecture: amd64, unless it says so."""
    return version if architecture == "amd64" else f"{version}-{architecture}"


def blob_path(layout: Path, digest: str) -> Path:
    """Where a layout keeps a blob."""
    algorithm, value = digest.split(":")
    return layout / "blobs" / algorithm / value


def read_json(layout: Path, digest: str) -> Json:
    """A manifest, index or configuration of a layout."""
    content: Json = json.loads(blob_path(layout, digest).read_bytes())
    return content


def _add(layout: Path, media_type: str, content: Json) -> Json:
    data = json.dumps(content, sort_keys=True).encode()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    path = blob_path(layout, digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return {"mediaType": media_type, "digest": digest, "size": len(data)}


def _add_layer(layout: Path, archive: Path) -> Json:
    with archive.open("rb") as file:
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    path = blob_path(layout, digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(archive, path)
    return {"mediaType": LAYER, "digest": digest, "size": path.stat().st_size}


def add_image(layout: Path, platform: Platform, layers: list[Path], run: Json) -> Json:
    """Add one platform's image of tar archives (they are moved) and return its descriptor."""
    layer_descriptors = [_add_layer(layout, archive) for archive in layers]
    diff_ids = [layer["digest"] for layer in layer_descriptors]
    configuration = {**platform.fields(), "config": run, "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _add(layout, CONFIG, configuration),
        "layers": layer_descriptors,
    }
    return {**_add(layout, MANIFEST, manifest), "platform": platform.fields()}


def finish(layout: Path, images: list[Json]) -> None:
    """Put the images of all platforms under one index and make the folder a layout."""
    index = _add(layout, INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": images})
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [index]}))


def top(layout: Path) -> str:
    """The digest of a layout's one image: of its index, or of its manifest where there is one platform."""
    entries = json.loads((layout / "index.json").read_text())["manifests"]
    if len(entries) != 1:
        raise ValueError(f"{layout}/index.json names {len(entries)} images, not one")
    return str(entries[0]["digest"])
