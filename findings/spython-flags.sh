#!/usr/bin/env bash
# spython (Singularity Python) 0.3.14: of a Dockerfile's instructions with flags the recipe has the flags for something
# else: `--chmod=755` of COPY is the file to copy, `--mount=…` of RUN the program to run, HEALTHCHECK's options the
# first word of the container's test. `COPY --from` and `FROM --platform` are known. The status is 0.
# Why it matters: clusters that have no Docker get their images this way. What builds for each platform with buildx
# doesn't build there, and a failed test is about a command called `--interval=5s`.
# Upstream says otherwise: `spython recipe` converts Dockerfiles; moby/buildkit frontend/dockerfile/docs/reference.md
# has the flags. Its issue 227 ("silently considered as a directory") was closed as not to be mended.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages spython==0.3.14
printf '%s\n' 'FROM debian:12' 'COPY --chmod=755 app /usr/bin/app' 'RUN --mount=type=cache,target=/cache app --setup' \
  'HEALTHCHECK --interval=5s CMD app --check' >"$work/Dockerfile"
seen=$(spython recipe "$work/Dockerfile" 2>/dev/null | grep -e app)
as_known "files, commands and test of the recipe" "app /usr/bin/app, app --setup, app --check" \
  "--chmod=755 /usr/bin/app
app /usr/bin/app
--mount=type=cache,target=/cache app --setup
--interval=5s CMD app --check" "$seen"
