#!/usr/bin/env bash
# skopeo 1.9.3: a client key without its certificate makes a folder of certificates useless, the CA in it included.
# "missing client certificate client.cert for key client.key", before anything is asked of the registry, even with
# --tls-verify=false. A certificate without its key is an error as well.
# Why it matters: one /etc/docker/certs.d is read by dockerd, skopeo, podman and buildah; writing client.key before
# client.cert, or a key that waits for its certificate, stops every pull from that registry meanwhile.
# Upstream says otherwise: containers-certs.d(5) says that a pair is selected by the file's name, not that both must
# be.
set -euo pipefail
. "$(dirname "$0")/common.bash"
debian_packages skopeo=1.9.3+ds1-1+b10 libgpgme11 libassuan0 libdevmapper1.02.1
mkdir "$work/certs"
error() {
  HOME=$work skopeo inspect --tls-verify=false --cert-dir "$work/certs" docker://127.0.0.1:1/app 2>"$work/error" || true
  grep -oE 'missing client certificate|connection refused' "$work/error"
}
without=$(error)
: >"$work/certs/client.key"
seen="$without / $(error)"
as_known "a registry that nobody runs, without and with a lonely client.key" \
  "connection refused / connection refused" "connection refused / missing client certificate" "$seen"
