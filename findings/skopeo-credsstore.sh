#!/usr/bin/env bash
# skopeo 1.9.3: it reads docker's config.json, but not `credsStore`, and even prefers what that replaced. Where docker
# asks the helper, skopeo takes a login that still stands under `auths`, or goes without.
# Why it matters: after `docker login` with a helper the file has `{"auths": {"harbor:8443": {}}, "credsStore": …}`;
# copies by skopeo are then anonymous, and with an old entry they use the old password.
# Upstream says otherwise: skopeo's README and man pages say that it uses what `docker login` has set up; the request
# is containers/image#111, reports are containers/skopeo#1083 and #1059.
set -euo pipefail
. "$(dirname "$0")/common.bash"
debian_packages skopeo=1.9.3+ds1-1+b10 libgpgme11 libassuan0 libdevmapper1.02.1
printf '#!/bin/sh\necho '\''{"ServerURL": "harbor:8443", "Username": "by-helper", "Secret": "x"}'\''\n' \
  >"$work/debian/usr/bin/docker-credential-test"
chmod +x "$work/debian/usr/bin/docker-credential-test"
user_with() {
  printf '{"auths": {"harbor:8443": %s}, "credsStore": "test"}' "$1" >"$work/config.json"
  HOME=$work skopeo login --authfile "$work/config.json" --get-login harbor:8443 2>/dev/null || echo nobody
}
seen="$(user_with '{}') $(user_with "{\"auth\": \"$(printf by-file:x | base64)\"}")"
as_known "who skopeo is, with an empty entry beside the store, and with an old login" \
  "by-helper by-helper" "nobody by-file" "$seen"
