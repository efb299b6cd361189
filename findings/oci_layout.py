"""Makes an OCI layout: `oci_layout.py FOLDER`. It has `index` (two platforms) and `nested` (an index of that)."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

IMAGE = "application/vnd.oci.image"


def blob(folder: Path, content: bytes, kind: str) -> dict[str, object]:
    """Stores `content` and returns its descriptor."""
    digest = hashlib.sha256(content).hexdigest()
    (folder / "blobs/sha256").mkdir(parents=True, exist_ok=True)
    (folder / "blobs/sha256" / digest).write_bytes(content)
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}


def image(folder: Path, architecture: str) -> dict[str, object]:
    """An image of one file, and its descriptor with the platform."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(architecture))
    layer = blob(folder, archive.getvalue(), f"{IMAGE}.layer.v1.tar")
    platform = {"architecture": architecture, "os": "linux"}
    rootfs = {"type": "layers", "diff_ids": [layer["digest"]]}
    config = blob(folder, json.dumps({**platform, "rootfs": rootfs}).encode(), f"{IMAGE}.config.v1+json")
    manifest = {"schemaVersion": 2, "mediaType": f"{IMAGE}.manifest.v1+json", "config": config, "layers": [layer]}
    return {**blob(folder, json.dumps(manifest).encode(), f"{IMAGE}.manifest.v1+json"), "platform": platform}


def index(folder: Path, manifests: list[dict[str, object]]) -> dict[str, object]:
    """An index of `manifests`, and its descriptor."""
    kind = f"{IMAGE}.index.v1+json"
    return blob(folder, json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": manifests}).encode(), kind)


def main(folder: Path) -> None:
    """Writes the layout to `folder`."""
    inner = index(folder, [image(folder, "amd64"), image(folder, "arm64")])
    named = {"index": inner, "nested": index(folder, [inner])}
    entries = [{**each, "annotations": {"org.opencontainers.image.ref.name": name}} for name, each in named.items()]
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


if __name__ == "__main__":
    main(Path(sys.argv[1]))
