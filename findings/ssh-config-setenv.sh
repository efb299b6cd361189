#!/usr/bin/env bash
# ssh-config 5.3.0 and @jeanp413/ssh-config 4.3.1 (npm): a file that is parsed and written has another SetEnv: of
# `SetEnv "FLAGS=-a -b" LEVEL=3` remains one variable, FLAGS=-a -b LEVEL=3. Nothing was set or removed.
# Why it matters: editors and their remote extensions add hosts to ~/.ssh/config with them. Builders that are reached by
# ssh get another environment from then on.
# Upstream says otherwise: ssh_config(5): SetEnv takes one or more variables, and arguments with spaces may be in
# quotes. Both packages are parser and stringifier of that format by their descriptions.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages ssh-config@5.3.0 @jeanp413/ssh-config@4.3.1
command -v ssh >/dev/null || cannot "ssh is missing"
cat >"$work/node/ask.js" <<'JS'
const { writeFileSync } = require("fs");
for (const name of ["ssh-config", "@jeanp413/ssh-config"]) {
  const exported = require(name);
  const library = exported.default || exported;
  const text = 'Host builder\n  SetEnv "FLAGS=-a -b" LEVEL=3\n';
  writeFileSync(name.replace("/", "-"), library.stringify(library.parse(text)));
  writeFileSync("before", text);
}
JS
seen=$(cd "$work/node" && node ask.js && for file in before ssh-config @jeanp413-ssh-config; do
  ssh -G -F "$file" builder 2>/dev/null | sed -n 's/^setenv //p' | paste -sd ,
done)
as_known "what ssh sets: before, after each" "thrice FLAGS=-a -b,LEVEL=3" "FLAGS=-a -b,LEVEL=3
FLAGS=-a -b LEVEL=3
FLAGS=-a -b LEVEL=3" "$seen"
