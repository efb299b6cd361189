#!/usr/bin/env bash
# neurodocker 2.1.2 (PyPI): `--entrypoint /app "two words"` is ENTRYPOINT ["/app", "two", "words"], and
# `--env LABELS='{"a": 1}'` is `ENV LABELS="{"a": 1}"`, whose value is {a: 1}.
# Why it matters: it is a generator for those who don't want to know the syntax. The image builds, and does something
# else.
# Upstream says otherwise: `neurodocker generate docker --help`: --env takes KEY=VALUE pairs, --entrypoint arguments;
# moby/buildkit frontend/dockerfile/docs/reference.md: ENTRYPOINT ["…"] has an element for each argument, and quotes
# that are not escaped are removed.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages neurodocker==2.1.2
neurodocker generate docker --pkg-manager apt --base-image debian:12 --env 'LABELS={"a": 1}' \
  --entrypoint /app "two words" >"$work/Dockerfile"
seen=$(grep -E '^(ENV LABELS|ENTRYPOINT)' "$work/Dockerfile")
as_known "lines of the Dockerfile" 'ENV LABELS="{\"a\": 1}" and ENTRYPOINT ["/app", "two words"]' 'ENV LABELS="{"a": 1}"
ENTRYPOINT ["/app", "two", "words"]' "$seen"
