#!/usr/bin/env bash
# podman-compose 1.6.0: of a service's `build` it leaves out platforms, no_cache, pull and network without a word. The
# image is of the host's platform alone, and made of what the cache has.
# Why it matters: `docker compose build` makes an index of the same file, for each platform. What is pushed here under
# the same tag runs on one of them.
# Upstream says otherwise: compose-spec/compose-spec build.md has all four; a platform that cannot be built is an error.
# podman build has --platform, --no-cache, --pull and --network. Issue 1288 of containers/podman-compose, about
# platforms, is open.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages podman-compose==1.6.0
mkdir "$work/bin" "$work/app"
# A podman that tells what it was called with
cat >"$work/bin/podman" <<'SH'
#!/bin/sh
[ "$1" = build ] || { echo podman version 5.4.0; exit; }
echo "$@"
SH
chmod +x "$work/bin/podman"
echo 'FROM scratch' >"$work/app/Dockerfile"
cat >"$work/app/compose.yaml" <<'YAML'
services:
  app:
    image: localhost:5000/app
    build:
      context: .
      platforms: [linux/amd64, linux/arm64]
      no_cache: true
      pull: true
      network: host
YAML
seen=$(cd "$work/app" && PATH=$work/bin:$PATH podman-compose build 2>/dev/null | sed "s#$work#…#g")
as_known "podman is called with" "--platform linux/amd64,linux/arm64 --no-cache --pull --network host, or an error" \
  "build -f …/app/Dockerfile -t localhost:5000/app …/app" "$seen"
