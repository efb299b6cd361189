#!/usr/bin/env bash
# hpccm 26.5.0 (HPC Container Maker, PyPI): environment(variables={"FLAGS": "-O2 -g"}) is `ENV FLAGS=-O2 -g` in the
# Dockerfile, which BuildKit refuses ("can't find = in "-g""), and `export FLAGS=-O2 -g` in the Singularity recipe,
# which is -O2. Labels are written likewise.
# Why it matters: recipes are written once for all clusters and processors, whose flags differ there. One format doesn't
# build, and the other builds without half of the flags.
# Upstream says otherwise: docs/primitives.md: variables is a dictionary of key / value pairs; moby/buildkit
# frontend/dockerfile/docs/reference.md: values with blanks are quoted or escaped.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages hpccm==26.5.0
cat >"$work/recipe.py" <<'PY'
Stage0 += baseimage(image="debian:12")
Stage0 += environment(variables={"FLAGS": "-O2 -g"})
Stage0 += label(metadata={"title": "my app"})
PY
seen=$(for format in docker singularity; do
  hpccm --recipe "$work/recipe.py" --format "$format" 2>/dev/null | grep -E 'FLAGS|title' | uniq
done)
as_known "lines of Dockerfile and recipe" 'FLAGS="-O2 -g" and "my app"' "ENV FLAGS=-O2 -g
LABEL title=my app
    export FLAGS=-O2 -g
    title my app" "$seen"
