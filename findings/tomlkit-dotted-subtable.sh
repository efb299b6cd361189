#!/usr/bin/env bash
# tomlkit 0.15.2: a sub-table that is added to a table written with dotted keys takes over the keys that follow it.
# Its header is put directly after the dotted key, though other keys of the enclosing table come next; so text and
# document differ in meaning from then on, without an error.
# Why it matters: buildkitd.toml allows `registry."docker.io".mirrors = […]`, and a tool that adds a
# `[registry…keypair]` to such a file moves unrelated root keys, as `debug`, into the registry's table.
# Upstream says otherwise: python-poetry/tomlkit README ("style-preserving"); TOML 1.0.0, section Table.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages tomlkit==0.15.2 tomli==2.5.0
seen=$(python3 - <<'PY'
import tomli
import tomlkit

document = tomlkit.parse('registry."docker.io".mirrors = ["m"]\ndebug = true\n')
document["registry"]["docker.io"]["tls"] = {"verify": True}
print("in memory", sorted(document), "written", sorted(tomli.loads(tomlkit.dumps(document))))
PY
)
as_known "root keys after registry.\"docker.io\".tls was added" \
  "in memory ['debug', 'registry'] written ['debug', 'registry']" \
  "in memory ['debug', 'registry'] written ['registry']" "$seen"
