#!/usr/bin/env bash
# toml-sort 0.25.0 (PyPI), @decimalturn/toml-patch 3.3.0 (npm) and containerd's format hosts.toml: the order of its
# tables counts, which is not so in TOML. Sorted, without options, `http://…` comes before `https://…`; a host that is
# added to a file by toml-patch is its first.
# Why it matters: containerd and dockerd with its image store ask another mirror first, after a formatter ran or a
# fallback was added. Nothing says so.
# Upstream says: TOML 1.0 maps a file to a hash table, and discourages tables out of order for readers' sake alone.
# containerd's docs/hosts.md: "the hosts will be tried first in the order listed". Neither tool's page speaks of order
# that counts.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages toml-sort==0.25.0
node_packages @decimalturn/toml-patch@3.3.0
file=$work/hosts.toml
printf '%s\n' 'server = "https://registry.example"' '[host."https://mirror.example"]' 'capabilities = ["pull"]' \
  '[host."http://10.0.0.5:5000"]' 'capabilities = ["pull"]' >"$file"
cat >"$work/node/add.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { parse, patch } from "@decimalturn/toml-patch";
const text = readFileSync(process.argv[2], "utf8");
const hosts = parse(text);
hosts.host["https://fallback.example"] = { capabilities: ["pull"] };
process.stdout.write(patch(text, hosts));
JS
hosts() {
  grep -o '//[^"]*' | tail -n +2 | sed 's#//##' | paste -sd ' '
}
as_known "hosts in their order: of the file, sorted, and with a third" \
  "mirror.example 10.0.0.5:5000; the same; the same and fallback.example" \
  "mirror.example 10.0.0.5:5000; 10.0.0.5:5000 mirror.example; fallback.example mirror.example 10.0.0.5:5000" \
  "$(hosts <"$file"); $(toml-sort "$file" | hosts); $(node "$work/node/add.mjs" "$file" | hosts)"
