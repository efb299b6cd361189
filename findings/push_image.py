"""Pushes a small image, and an index of it where a tag is `index`: `push_image.py HOST:PORT REPOSITORY TAG...`."""

from __future__ import annotations

import hashlib
import json
import sys
import urllib.request

IMAGE = "application/vnd.oci.image"


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


def main(host: str, name: str, tags: list[str]) -> None:
    """Pushes the image to each of `tags`; the index has no platforms, which are optional."""
    repository = f"http://{host}/v2/{name}"
    layer = blob(repository, bytes(1024), f"{IMAGE}.layer.v1.tar")
    rootfs = {"type": "layers", "diff_ids": [layer["digest"]]}
    config = json.dumps({"architecture": "arm64", "os": "linux", "rootfs": rootfs}).encode()
    kind = f"{IMAGE}.manifest.v1+json"
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": kind,
            "config": blob(repository, config, f"{IMAGE}.config.v1+json"),
            "layers": [layer],
        }
    ).encode()
    digest = "sha256:" + hashlib.sha256(manifest).hexdigest()
    send("PUT", f"{repository}/manifests/{digest}", manifest, kind)
    listed = {"mediaType": kind, "digest": digest, "size": len(manifest)}
    index = json.dumps({"schemaVersion": 2, "mediaType": f"{IMAGE}.index.v1+json", "manifests": [listed]}).encode()
    for tag in tags:
        content, media = (index, f"{IMAGE}.index.v1+json") if tag == "index" else (manifest, kind)
        send("PUT", f"{repository}/manifests/{tag}", content, media)


main(sys.argv[1], sys.argv[2], sys.argv[3:])
