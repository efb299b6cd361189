#!/usr/bin/env bash
# tomlkit 0.15.2: after the last sub-table is removed, the document still has the parent, but its text has not.
# `[registry."a"]` creates `registry` implicitly; tomlkit keeps it as an empty table in memory and writes nothing for
# it.
# Why it matters: "did anything change?" answered by comparing documents differs from the answer by comparing texts,
# so a tool that writes buildkitd.toml only on change compares forever, or never.
# Upstream says otherwise: python-poetry/tomlkit docs/quickstart.rst treats dumps() and the document as one and the
# same.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages tomlkit==0.15.2
seen=$(python3 - <<'PY'
import tomlkit

document = tomlkit.parse('[registry."a"]\nhttp = true\n\n[worker]\nx = 1\n')
del document["registry"]["a"]
print(document.unwrap(), tomlkit.parse(tomlkit.dumps(document)).unwrap())
PY
)
as_known "the document, and its text read again" "twice the same" \
  "{'registry': {}, 'worker': {'x': 1}} {'worker': {'x': 1}}" "$seen"
