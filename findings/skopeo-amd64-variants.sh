#!/usr/bin/env bash
# skopeo 1.9.3 knows which variants run each other's programs for arm alone. Asked for amd64/v3 it takes the plain image
# and not the one for v2; where there is but v2, or v1 for plain amd64, there is "no image found". Asked for plain
# `arm` it takes v8 before v7.
# Why it matters: what buildx pushed for `linux/amd64/v2,linux/arm/v7,linux/arm/v8` is found by docker on each host,
# and not by skopeo, podman and buildah on the same.
# Upstream says otherwise: containerd/platforms compare.go goes down from amd64's variant to plain, database.go has v1
# for plain and plain arm for v7. containers/image platform_matcher.go lists arm and arm64, up to its last commit there.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/registry.bash"
start_registry
export HOME=$work
put_index oci app v2 linux/amd64/v2
put_index oci app plain-v2 linux/amd64 linux/amd64/v2
put_index oci app v1 linux/amd64/v1
put_index oci app arm linux/arm/v7 linux/arm/v8
mv "$work/debs" "$work/registry-debs"
debian_packages skopeo=1.9.3+ds1-1+b10 libgpgme11 libassuan0 libdevmapper1.02.1
# choice TAG ARCHITECTURE [VARIANT]: the image's layer tells its platform
choice() {
  local layer
  layer=$(skopeo --override-os linux --override-arch "$2" ${3:+--override-variant "$3"} inspect --tls-verify=false \
    --format '{{index .Layers 0}}' "docker://$registry/app:$1" 2>"$work/error") ||
    { grep -o 'no image found' "$work/error" && return; }
  curl --silent "http://$registry/v2/app/blobs/$layer" | cut -d ' ' -f 2
}
as_known "v3 of v2; v3 of plain and v2; plain of v1; plain arm of v7 and v8" \
  "linux/amd64/v2; linux/amd64/v2; linux/amd64/v1; linux/arm/v7" \
  "no image found; linux/amd64; no image found; linux/arm/v8" \
  "$(choice v2 amd64 v3); $(choice plain-v2 amd64 v3); $(choice v1 amd64); $(choice arm arm)"
