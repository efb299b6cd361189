#!/usr/bin/env bash
# opencontainers 0.0.15 (PyPI): an index or a manifest with `mediaType`, an image's configuration with `variant`, a
# descriptor of 0 bytes and an index without manifests are all invalid; the library then doesn't raise an error that
# one could catch as such but SystemExit, so the program that uses it ends with 1.
# Why it matters: BuildKit writes the media type into each index and manifest, and the variant into each image for arm.
# Tools with these types read old images, and end in silence with most of today's.
# Upstream says otherwise: opencontainers/image-spec image-index.md and manifest.md: mediaType SHOULD be used; config.md
# has variant; descriptor.md: size is an int64, image-index.md: manifests may have size zero.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages opencontainers==0.0.15
seen=$(python3 - 2>/dev/null <<'PY'
from opencontainers.image.v1 import Image, Index, Manifest

one = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:" + 64 * "a", "size": 100}
index = {"schemaVersion": 2, "manifests": [one]}
manifest = {"schemaVersion": 2, "config": one | {"mediaType": "application/vnd.oci.image.config.v1+json"},
            "layers": [one | {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}]}
image = {"architecture": "arm", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + 64 * "a"]}}
for what, kind, document in (
    ("index", Index, index),
    ("index, mediaType", Index, index | {"mediaType": "application/vnd.oci.image.index.v1+json"}),
    ("index, none", Index, index | {"manifests": []}),
    ("index, empty one", Index, index | {"manifests": [one | {"size": 0}]}),
    ("manifest", Manifest, manifest),
    ("manifest, mediaType", Manifest, manifest | {"mediaType": one["mediaType"]}),
    ("image", Image, image),
    ("image, variant", Image, image | {"variant": "v7"}),
):
    try:
        kind().load(document)
        print(f"{what}: read")
    except BaseException as error:
        print(f"{what}: {type(error).__name__}")
PY
)
as_known "documents" "all are read" "index: read
index, mediaType: SystemExit
index, none: SystemExit
index, empty one: SystemExit
manifest: read
manifest, mediaType: SystemExit
image: read
image, variant: SystemExit" "$seen"
