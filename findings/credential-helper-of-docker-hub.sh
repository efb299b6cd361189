#!/usr/bin/env bash
# skopeo 1.9.3 and docker 7.2.0 (the SDK for Python) look for Docker Hub's credential helper under different keys.
# skopeo asks for `docker.io`, the SDK for `https://index.docker.io/v1/`, as docker itself does; neither knows the
# other's key, so one entry under credHelpers serves one of them and the other goes without a login, silently.
# Why it matters: hosts that build with docker and copy with skopeo need both keys, and the second is in no example.
# Upstream says otherwise: containers-auth.json(5) says that a config.json of docker is read as well; docker/cli
# docs/reference/commandline/login.md, "Credential helpers", calls the key a registry.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages docker==7.2.0
debian_packages skopeo=1.9.3+ds1-1+b10 libgpgme11 libassuan0 libdevmapper1.02.1
for helper in name url; do
  printf '#!/bin/sh\necho '\''{"ServerURL": "docker.io", "Username": "by-%s", "Secret": "x"}'\''\n' $helper \
    >"$work/debian/usr/bin/docker-credential-$helper"
  chmod +x "$work/debian/usr/bin/docker-credential-$helper"
done
user_of() {
  printf '{"credHelpers": {"%s": "%s"}}' "$1" "$2" >"$work/config.json"
  HOME=$work skopeo login --authfile "$work/config.json" --get-login docker.io 2>/dev/null || printf 'nobody'
  printf ' '
  env -u LD_LIBRARY_PATH python3 -c 'import sys; from docker.auth import load_config
print((load_config(sys.argv[1]).resolve_authconfig("docker.io") or {}).get("Username", "nobody"))' "$work/config.json"
}
seen=$({ user_of docker.io name; echo /; user_of https://index.docker.io/v1/ url; } | xargs)
as_known "skopeo and the SDK, with the key docker.io / with the key https://index.docker.io/v1/" \
  "by-name by-name / by-url by-url" "by-name nobody / nobody by-url" "$seen"
