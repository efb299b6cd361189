#!/usr/bin/env bash
# python-dxf 12.1.1: get_digest(), get_manifest() and del_alias() of an index have one entry for each platform's name,
# the last one. Of two attestations (`unknown/unknown`) one is left, and of two Windows versions one.
# Why it matters: buildx adds an attestation for every platform, all of them unknown/unknown. A mirror or a clean-up
# by dxf copies or deletes one and leaves the others, with no error.
# Upstream says otherwise: image-spec image-index.md has a list, where platforms may be the same; BuildKit
# docs/attestations/attestation-storage.md sets unknown/unknown for each.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/registry.bash"
python_packages python-dxf==12.1.1
start_registry
put_index oci app 1 linux/amd64 linux/arm64 unknown/unknown unknown/unknown \
  windows/amd64@10.0.17763.1 windows/amd64@10.0.20348.1
seen=$(env -u LD_LIBRARY_PATH python3 - "$registry" <<'PY'
import sys

from dxf import DXF

found = DXF(sys.argv[1], "app", insecure=True).get_digest("1")
print(len(set(found.values())), "of 6:", *found)
PY
)
as_known "manifests that dxf finds in an index of 6" "6" \
  "4 of 6: linux/amd64 linux/arm64 unknown/unknown windows/amd64" "$seen"
