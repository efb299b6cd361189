#!/usr/bin/env bash
# docker-parse-image 3.0.1 (npm): the full name of an image on one's own registry gets `library/` inserted. That
# namespace is Docker Hub's alone.
# Why it matters: `fullname` is what one would pull by; harbor:8443/app becomes harbor:8443/library/app, and Harbor
# has a project called library from its installation on, so the wrong image may even be there.
# Upstream says otherwise: distribution/reference normalize.go adds it only where the domain is docker.io.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages docker-parse-image@3.0.1
seen=$(cd "$work/node" && node -p '
  const parse = require("docker-parse-image");
  [(parse.default || parse)("app").fullname, (parse.default || parse)("harbor:8443/app").fullname].join(" ")')
as_known "full names of app and harbor:8443/app" "library/app:latest harbor:8443/app:latest" \
  "library/app:latest harbor:8443/library/app:latest" "$seen"
