#!/usr/bin/env bash
# ssh-config 5.3.0 (npm): parsed and written again, `User build # for images` is `User build# for images`, which ssh
# refuses, with all of the file. Of two SendEnv lines compute() has the first, and with `Match final` each LocalForward
# twice.
# Why it matters: programs that add a builder to ~/.ssh/config write the whole file. After that no host can be reached.
# Upstream says otherwise: it is a "parser and stringifier", and cyjake/ssh-config pull request 76 was made for comments
# at a line's end. ssh_config(5) and `ssh -G` have both SendEnv and one LocalForward.
set -euo pipefail
. "$(dirname "$0")/common.bash"
ssh -V 2>&1 || cannot "ssh is missing"
node_packages ssh-config@5.3.0
cat >"$work/comment" <<'SSH'
Host builder
    User build # for images
SSH
cat >"$work/lists" <<'SSH'
Host builder
    SendEnv LANG
    SendEnv DOCKER_*
    LocalForward 2375 /run/docker.sock
Match final
    Port 2222
SSH
cat >"$work/node/write.mjs" <<'JS'
import { readFileSync, writeFileSync } from "node:fs";
import SSHConfig from "ssh-config";
const config = SSHConfig.parse(readFileSync(process.argv[2], "utf8"));
writeFileSync(process.argv[2], config.toString());
const { SendEnv, LocalForward } = config.compute("builder");
console.log(JSON.stringify([SendEnv, LocalForward ?? []].flat()));
JS
# ask FILE KEYWORDS
ask() {
  { ssh -G -F "$1" builder 2>&1 || true; } | tr -d '\r' | sed 's/^.*line [0-9]*: //' |
    grep -E "^($2|keyword) " | sort -u | paste -sd , | sed 's/,/, /g'
}
seen=$(ask "$work/comment" user
  node "$work/node/write.mjs" "$work/comment" >/dev/null
  ask "$work/comment" user
  ask "$work/lists" 'sendenv|localforward'
  node "$work/node/write.mjs" "$work/lists")
as_known "ssh -G of the first file, before and after; ssh -G and compute() of the second" "twice the same" \
  'user build
keyword user extra arguments at end of line
localforward 2375 /run/docker.sock, sendenv DOCKER_*, sendenv LANG
["LANG","2375 /run/docker.sock","2375 /run/docker.sock"]' "$seen"
