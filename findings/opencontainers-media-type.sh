#!/usr/bin/env bash
# opencontainers 0.0.15 (PyPI): a manifest or index that names its mediaType ends the whole Python program. The
# library knows the field in descriptors only, prints "mediaType is not a valid json attribute" and calls sys.exit(1),
# which no `except Exception` catches. An image's `variant` does the same.
# Why it matters: BuildKit, buildah and oras all write mediaType, so the validator of this library takes none of
# theirs.
# Upstream says otherwise: opencontainers/image-spec manifest.md: "mediaType: This property SHOULD be used"; the
# README of vsoch/oci-python calls itself a port of the specification.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages opencontainers==0.0.15
cat >"$work/load.py" <<'PY'
import sys

from opencontainers.image.v1 import Index

entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:" + "a" * 64, "size": 2}
index = {"schemaVersion": 2, "manifests": [entry]}
if sys.argv[1] == "named":
    index["mediaType"] = "application/vnd.oci.image.index.v1+json"
try:
    Index().load(index)
    print("loaded", end=", ")
except Exception as error:
    print("exception", error, end=", ")
PY
seen=$(python3 "$work/load.py" unnamed; python3 "$work/load.py" named 2>/dev/null || echo "exit status $?")
as_known "an index without and with mediaType" "loaded, loaded, " "loaded, exit status 1" "$seen"
