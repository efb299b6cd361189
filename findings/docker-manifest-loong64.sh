#!/usr/bin/env bash
# docker.io 20.10.24: `docker manifest annotate --arch loong64` is an unsupported combination, as are linux/mips and
# freebsd/arm64; linux/mips64 is not. The message has what was asked for, not what is there: `: /loong64`. The list is
# the same in docker/cli 28.5.2.
# Why it matters: buildx builds linux/loong64 and tonistiigi/binfmt runs it; who puts the list together from each
# builder's image by `docker manifest`, cannot.
# Upstream says otherwise: docker-manifest-annotate(1) has --arch "Set architecture" and names no limits. cli/command/
# manifest/util.go refers to Go's list, which has linux/loong64 since 1.19.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/registry.bash"
start_registry
put_index docker app built linux/arm64
digest=$(curl --silent --header 'Accept: application/vnd.docker.distribution.manifest.list.v2+json' \
  "http://$registry/v2/app/manifests/built" | grep -o 'sha256:[0-9a-f]*')
mv "$work/debs" "$work/registry-debs"
debian_packages docker.io=20.10.24+dfsg1-1+deb12u1+b6
mkdir "$work/home"
list=$registry/app:list image=$registry/app@$digest
docker() { HOME=$work/home DOCKER_HOST=unix://$work/none command docker "$@"; }
docker manifest create --insecure "$list" "$image" >"$work/log" 2>&1 || cannot "$(cat "$work/log")"
annotate() { docker manifest annotate "$@" "$list" "$image" 2>&1 && echo set || true; }
seen=
for platform in linux/riscv64 linux/mips64 linux/loong64 freebsd/arm64; do
  seen+="$platform $(annotate --os "${platform%/*}" --arch "${platform#*/}" | grep -o '^set\|unsupported'), "
done
as_known "platforms of an image in a list; what is refused where the image has its os" \
  "linux/riscv64 set, linux/mips64 set, linux/loong64 set, freebsd/arm64 set, nothing" \
  "linux/riscv64 set, linux/mips64 set, linux/loong64 unsupported, freebsd/arm64 unsupported, /loong64" \
  "$seen$(annotate --arch loong64 | grep -o '[^ ]*/loong64')"
