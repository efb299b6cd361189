#!/usr/bin/env bash
# asyncssh 2.24.1: `User ci # builds images` in ~/.ssh/config is an error for that host, and `Match exec` with a `=` in
# its command (`"test %h = builder"`) for every host.
# Why it matters: programs that start builds over SSH read the user's file. What ssh, docker and buildx take, ends them.
# Upstream says otherwise: its documentation has the file in OpenSSH's format, and the keywords `Match` and `exec` among
# those that it knows; `ssh -G` of OpenSSH 9.2 takes both lines.
set -euo pipefail
. "$(dirname "$0")/common.bash"
ssh -V 2>&1 || cannot "ssh is missing"
python_packages asyncssh==2.24.1
cat >"$work/read.py" <<'PY'
import sys

import asyncssh

try:
    options = asyncssh.SSHClientConnectionOptions(host="builder", config=[sys.argv[1]], client_keys=None)
    print(options.username, options.port)
except asyncssh.ConfigParseError as error:
    print(str(error).replace(sys.argv[1], "config"))
PY
# ask TEXT: what ssh and asyncssh make of it
ask() {
  printf 'Host builder\n  User ci\n  Port 2222\n%s\n' "$1" >"$work/config"
  ssh -G -F "$work/config" builder 2>&1 | sed -n 's/^user //p; s/^port //p' | sort -r | paste -sd ' '
  python3 "$work/read.py" "$work/config"
}
seen=$(ask 'Host builder'; ask '  Compression yes # images are large'; ask 'Match exec "test %h = other"')
as_known "ssh and asyncssh: without more, with a comment at a line's end, with a Match" "ci 2222, six times" \
  'ci 2222
ci 2222
ci 2222
config line 4: Extra data at end: # images are large
ci 2222
config line 4: Invalid match condition  other' "$seen"
