#!/usr/bin/env bash
# dockerfile-parse 2.0.1 (PyPI): setting the base image removes --platform from its FROM, in silence. Reading keeps it
# apart correctly, and the stage's name survives.
# Why it matters: whoever replaces base images by a mirror's or by digests turns a cross-compiling stage
# (`--platform=$BUILDPLATFORM`) into an emulated one, which is many times slower and fails without an emulator.
# Upstream says otherwise: the README of containerbuildsystem/dockerfile-parse: setting baseimage changes the image.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages dockerfile-parse==2.0.1
# shellcheck disable=SC2016 # for the Dockerfile to expand
printf 'FROM --platform=$BUILDPLATFORM golang:1.24 AS build\nRUN true\n' >"$work/Dockerfile"
seen=$(python3 - "$work/Dockerfile" <<'PY'
import sys

from dockerfile_parse import DockerfileParser

dockerfile = DockerfileParser(path=sys.argv[1])
dockerfile.baseimage = "harbor:8443/golang:1.24"
print(dockerfile.lines[0].strip())
PY
)
# shellcheck disable=SC2016
as_known "FROM after the base image was set" 'FROM --platform=$BUILDPLATFORM harbor:8443/golang:1.24 AS build' \
  "FROM harbor:8443/golang:1.24 AS build" "$seen"
