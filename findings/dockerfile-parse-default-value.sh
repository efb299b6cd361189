#!/usr/bin/env bash
# dockerfile-parse 2.0.1 (PyPI): a variable with a default, ${NAME:-default}, gives its value with the rest stuck to
# it. Only plain $NAME and ${NAME} are known; `:-default}` stays as text, in base images too.
# Why it matters: `FROM ${REGISTRY:-docker.io}/debian` is how one Dockerfile serves with a mirror and without; the
# base image that comes out exists nowhere.
# Upstream says otherwise: moby/buildkit frontend/dockerfile/docs/reference.md, "Environment replacement"; the README
# of containerbuildsystem/dockerfile-parse says that variables are resolved.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages dockerfile-parse==2.0.1
# shellcheck disable=SC2016 # for the Dockerfile to expand
printf 'ARG REGISTRY=harbor:8443\nFROM ${REGISTRY:-docker.io}/debian:12\n' >"$work/Dockerfile"
seen=$(cd "$work" && python3 -c 'from dockerfile_parse import DockerfileParser as Parser; print(Parser().baseimage)')
# shellcheck disable=SC2016
as_known 'FROM ${REGISTRY:-docker.io}/debian:12 with REGISTRY=harbor:8443' "harbor:8443/debian:12" \
  "harbor:8443:-docker.io}/debian:12" "$seen"
