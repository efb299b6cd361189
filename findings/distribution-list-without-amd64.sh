#!/usr/bin/env bash
# docker-registry 2.8.2: a tag of Docker's manifest list is `manifest unknown` to clients that accept images and no
# lists, if the list has no linux/amd64. If it has one, they get that, under the tag, whatever they run on.
# Why it matters: images for arm64 and riscv64 alone "do not exist" for scripts and old clients, though the tag is
# listed; a tag's digest depends on who asks. With an OCI index it is 404, too, but with a reason.
# Upstream knows: docs/spec/manifest-v2-2.md has linux/amd64, else 404, for clients of the first manifest format;
# registry/handlers/manifests.go does it to those of the second, too. Version 3 dropped the first and still does it.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/registry.bash"
start_registry
put_index docker app both linux/arm64 linux/amd64
put_index docker app arm linux/arm64 linux/riscv64
ask() {
  curl --silent --output "$work/answer" --write-out '%{http_code}' --header "Accept: $image" \
    "http://$registry/v2/app/manifests/$1"
}
image=application/vnd.docker.distribution.manifest.v2+json
seen="$(ask both), $(ask arm) $(grep --only-matching 'manifest unknown' "$work/answer" | head -n 1)"
as_known "an image of a list that has amd64, of one that has arm64 and riscv64" "one answer for both" \
  "200, 404 manifest unknown" "$seen"
echo "  tags:     $(curl --silent "http://$registry/v2/app/tags/list")"
