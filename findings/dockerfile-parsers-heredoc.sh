#!/usr/bin/env bash
# dockerfile-parse 2.0.1 (PyPI) and docker-file-parser 1.0.7 (npm): lines of a heredoc are taken for instructions. A
# file that COPY writes, or a script that RUN runs, may contain FROM, LABEL or USER at the start of a line: both
# packages then report base images and labels that no build has.
# Why it matters: lists of base images, as for mirrors and updates, are made with them.
# Upstream says otherwise: moby/buildkit frontend/dockerfile/docs/reference.md, "Here-Documents", part of the stable
# syntax since dockerfile 1.4.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages dockerfile-parse==2.0.1
node_packages docker-file-parser@1.0.7
printf 'FROM debian:12\nCOPY <<EOF /Dockerfile.sample\nFROM sample:1\nLABEL sample=yes\nEOF\n' >"$work/Dockerfile"
seen=$(python3 - "$work/Dockerfile" <<'PY'
import sys

from dockerfile_parse import DockerfileParser

dockerfile = DockerfileParser(path=sys.argv[1])
print(dockerfile.baseimage, dockerfile.labels)
PY
cd "$work/node" && node -p '
  const text = require("fs").readFileSync("../Dockerfile", "utf8");
  require("docker-file-parser").parse(text).map((each) => each.name).join(" ")')
as_known "base image and labels; instructions" "debian:12 {}; FROM COPY" \
  "sample:1 {'sample': 'yes'}
FROM COPY FROM LABEL EOF" "$seen"
