#!/usr/bin/env bash
# umoci 0.4.7: `umoci gc` of an OCI layout whose index.json refers to an image with Docker's media types removes what
# that image is made of: configurations, layers and, of a manifest list, the manifests. The tag is still there.
# Why it matters: layouts hold such images where the digest is to stay as it is in the registry (crane pull
# --format=oci, oras copy, buildx with oci-mediatypes=false). Nothing can be made of the layout afterwards.
# Upstream says otherwise: umoci-gc(1): blobs stay that can be reached by a descriptor path from the tags. image-spec
# image-layout.md: an unknown media type in index.json must not be an error.
set -euo pipefail
. "$(dirname "$0")/common.bash"
debian_packages umoci=0.4.7+ds-3+b7
export HOME=$work
# image FOLDER MANIFEST-TYPE CONFIG-TYPE LAYER-TYPE
image() {
  env -u LD_LIBRARY_PATH python3 - "$@" <<'PY'
import gzip
import hashlib
import json
import sys
from pathlib import Path

folder, (manifest, config, layer) = Path(sys.argv[1]), sys.argv[2:]
(folder / "blobs/sha256").mkdir(parents=True)


def blob(content, kind):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    digest = hashlib.sha256(content).hexdigest()
    (folder / "blobs/sha256" / digest).write_bytes(content)
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}


files = bytes(1024)
diff = "sha256:" + hashlib.sha256(files).hexdigest()
about = {"architecture": "arm64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff]}}
parts = {"config": blob(about, config), "layers": [blob(gzip.compress(files, mtime=0), layer)]}
image = blob({"schemaVersion": 2, "mediaType": manifest, **parts}, manifest)
image["annotations"] = {"org.opencontainers.image.ref.name": "1"}
(folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [image]}))
(folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
PY
}
image "$work/oci" application/vnd.oci.image.{manifest.v1+json,config.v1+json,layer.v1.tar+gzip}
image "$work/docker" \
  application/vnd.docker.{distribution.manifest.v2+json,container.image.v1+json,image.rootfs.diff.tar.gzip}
seen=$(for layout in oci docker; do
  umoci gc --layout "$work/$layout" 2>/dev/null
  echo "$layout: tag $(umoci list --layout "$work/$layout"), blobs $(find "$work/$layout/blobs" -type f | wc -l)"
done)
as_known "a manifest, its configuration and its layer after umoci gc, with OCI's media types and Docker's" \
  "tag 1, blobs 3, twice" "oci: tag 1, blobs 3
docker: tag 1, blobs 1" "$seen"
