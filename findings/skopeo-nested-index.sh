#!/usr/bin/env bash
# skopeo 1.9.3: it inspects an index in an index, down to the platform, but copies it neither whole nor one platform
# of it. "Unexpectedly received a manifest list instead of a manifest for a single image".
# Why it matters: multi-platform images assembled from multi-platform parts have an index in an index; a mirror that
# is filled by `skopeo copy --all` or `skopeo sync --all` stops there.
# Upstream says otherwise: opencontainers/image-spec image-index.md lists the index among the types that an index may
# have; skopeo-copy(1): --all copies all images that the list refers to.
set -euo pipefail
. "$(dirname "$0")/common.bash"
debian_packages skopeo=1.9.3+ds1-1+b10 libgpgme11 libassuan0 libdevmapper1.02.1
env -u LD_LIBRARY_PATH python3 "$(dirname "$0")/oci_layout.py" "$work/layout"
try() {
  HOME=$work skopeo --override-arch arm64 --override-os linux --insecure-policy "$@" >/dev/null 2>"$work/error" &&
    echo works || echo fails
}
layout=oci:$work/layout
seen="$(try inspect "$layout:nested"), $(try copy "$layout:nested" "dir:$work/one"), $(
  try copy --all "$layout:index" "dir:$work/index"), $(try copy --all "$layout:nested" "dir:$work/all")"
as_known "inspect, copy of one platform, copy --all of an index, copy --all of an index in an index" \
  "works, works, works, works" "works, fails, works, fails" "$seen"
grep -o 'Unexpectedly received a manifest list.*image' "$work/error"
