"""Pushes a small image, and an index of it where a tag is `index`: `push_image.py HOST:PORT REPOSITORY TAG...`."""

from __future__ import annotations

import hashlib
import json
import sys
import urllib.request
from collections.abc import Mapping, Sequence

OCI = {
    "index": "application/vnd.oci.image.index.v1+json",
    "manifest": "application/vnd.oci.image.manifest.v1+json",
    "config": "application/vnd.oci.image.config.v1+json",
    "layer": "application/vnd.oci.image.layer.v1.tar",
}
DOCKER = {
    "index": "application/vnd.docker.distribution.manifest.list.v2+json",
    "manifest": "application/vnd.docker.distribution.manifest.v2+json",
    "config": "application/vnd.docker.container.image.v1+json",
    "layer": "application/vnd.docker.image.rootfs.diff.tar.gzip",
}


def send(method: str, url: str, content: bytes, kind: str) -> str:
    """The answer's Location, or nothing."""
    request = urllib.request.Request(url, data=content, method=method, headers={"Content-Type": kind})
    with urllib.request.urlopen(request) as answer:
        return answer.headers.get("Location", "")


def blob(repository: str, content: bytes, kind: str) -> dict[str, object]:
    """Uploads `content` and returns its descriptor."""
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    target = send("POST", f"{repository}/blobs/uploads/", b"", "application/octet-stream")
    send("PUT", f"{target}&digest={digest}", content, "application/octet-stream")
    return {"mediaType": kind, "digest": digest, "size": len(content)}


def image(repository: str, name: str, kinds: dict[str, str]) -> tuple[dict[str, object], bytes]:
    """Pushes an image whose one layer is `name`, by digest alone; its descriptor and its manifest."""
    layer = blob(repository, name.encode(), kinds["layer"])
    rootfs = {"type": "layers", "diff_ids": [layer["digest"]]}
    config = json.dumps({"architecture": "arm64", "os": "linux", "rootfs": rootfs}).encode()
    parts = {"config": blob(repository, config, kinds["config"]), "layers": [layer]}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kinds["manifest"], **parts}).encode()
    digest = "sha256:" + hashlib.sha256(manifest).hexdigest()
    send("PUT", f"{repository}/manifests/{digest}", manifest, kinds["manifest"])
    return {"mediaType": kinds["manifest"], "digest": digest, "size": len(manifest)}, manifest


def index(repository: str, tag: str, manifests: Sequence[Mapping[str, object]], kinds: dict[str, str]) -> None:
    """Pushes an index of `manifests`."""
    content = json.dumps({"schemaVersion": 2, "mediaType": kinds["index"], "manifests": manifests}).encode()
    send("PUT", f"{repository}/manifests/{tag}", content, kinds["index"])


def main(host: str, name: str, tags: list[str]) -> None:
    """Pushes the image to each of `tags`; the index has no platforms, which are optional."""
    repository = f"http://{host}/v2/{name}"
    listed, manifest = image(repository, "layer", OCI)
    for tag in tags:
        if tag == "index":
            index(repository, tag, [listed], OCI)
        else:
            send("PUT", f"{repository}/manifests/{tag}", manifest, OCI["manifest"])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
