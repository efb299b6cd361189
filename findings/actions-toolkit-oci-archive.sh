#!/usr/bin/env bash
# @docker/actions-toolkit 0.101.0 (npm): OCI.loadArchive() of an image made by umoci 0.4.7 has no manifest; it is among
# the `blobs`, as text. A manifest is known by its own mediaType, which is optional, and not by the descriptor that
# refers to it. With a manifest.json beside index.json, as `docker save` and `ctr image export` write, it refuses the
# archive.
# Why it matters: what looks for platforms and attestations in an archive before it is published finds nothing in one
# tool's, and cannot read the other's.
# Upstream says otherwise: image-spec manifest.md: mediaType SHOULD be used; descriptor.md: a descriptor has its
# content's type, which is required. moby image/tarexport/save.go writes oci-layout, index.json and manifest.json.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages @docker/actions-toolkit@0.101.0
debian_packages umoci=0.4.7+ds-3+b7
layout=$work/layout
HOME=$work umoci init --layout "$layout"
HOME=$work umoci new --image "$layout:1"
echo file >"$work/file"
HOME=$work umoci insert --rootless --image "$layout:1" "$work/file" /file
tar -C "$layout" -cf "$work/umoci.tar" oci-layout index.json blobs
echo '[]' >"$layout/manifest.json"
tar -C "$layout" -cf "$work/docker.tar" oci-layout index.json manifest.json blobs
cat >"$work/node/load.mjs" <<'JS'
import { OCI } from "@docker/actions-toolkit/lib/oci/oci.js";
for (const file of process.argv.slice(2)) {
  try {
    const { root, manifests } = await OCI.loadArchive({ file });
    console.log(`${root.index.manifests.length} in the index, ${Object.keys(manifests).length} loaded`);
  } catch (error) {
    console.log(error.message);
  }
}
JS
seen=$(env -u LD_LIBRARY_PATH node "$work/node/load.mjs" "$work/umoci.tar" "$work/docker.tar" | paste -sd ';')
as_known "manifests of umoci's image; with manifest.json" \
  "1 in the index, 1 loaded;1 in the index, 1 loaded" \
  "1 in the index, 0 loaded;Invalid OCI archive: unexpected file manifest.json" "$seen"
