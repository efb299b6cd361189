#!/usr/bin/env bash
# toml-cli 0.8.2 (PyPI): a key in quotes is cut at its dots. `get 'registry."docker.io".mirrors'` does not find it, and
# `add_section 'registry."reg.example"'` adds the table `[registry."\"reg"."example\""]`, status 0.
# Why it matters: the keys of buildkitd.toml and of containerd's hosts.toml are names of hosts and URLs. None can be
# read, and what is added is a registry that nothing asks for.
# Upstream says otherwise: TOML 1.0, "Keys": dotted keys are bare or quoted keys with a dot between them. The tool's
# page has dotted keys, without a word of quotes.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages toml-cli==0.8.2
file=$work/buildkitd.toml
printf '[registry."docker.io"]\nmirrors = ["mirror.example:5000"]\n' >"$file"
found=$(toml get --toml-path "$file" 'registry."docker.io".mirrors' 2>&1 | head -n 1) || true
toml add_section --toml-path "$file" 'registry."reg.example"' >/dev/null
as_known 'the mirrors of "docker.io"; the table that was added for "reg.example"' \
  "['mirror.example:5000']; [registry.\"reg.example\"]" \
  "error: key '\"docker' not found; [registry.\"\\\"reg\".\"example\\\"\"]" "$found; $(tail -n 1 "$file")"
