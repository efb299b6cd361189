#!/usr/bin/env bash
# sshconf 0.2.7: to it a Match block is part of the Host block before. Setting that host's user takes the User out of
# the Match block; and of `HostName=10.0.0.1`, without blanks, it knows nothing, of `Port = 2222` it reads `= 2222`.
# Why it matters: programs that enter a builder into ~/.ssh/config for docker over SSH change what other hosts get,
# which `Match host 10.0.*` is about.
# Upstream says otherwise: ssh_config(5): a section ends with the next Host or Match, and keyword and value are parted
# by blanks or by one `=` with or without them. paramiko 5.1.0 and ssh-config 5.3.0 (npm) read all this as ssh does.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages sshconf==0.2.7 paramiko==5.1.0
printf '%s\n' 'Host builder' HostName=10.0.0.1 'Port = 2222' 'User build' 'Match host 10.0.0.*' 'User other' \
  >"$work/config"
seen=$(python3 - "$work/config" <<'PY'
import sys

import paramiko
import sshconf

print(sorted(paramiko.SSHConfig.from_path(sys.argv[1]).lookup("builder").items()))
config = sshconf.read_ssh_config(sys.argv[1])
print(sorted((key, value) for key, value in config.host("builder").items() if key != "match"))
config.set("builder", User="me")
print(*(line.strip() for line in config.config().splitlines()), sep=", ")
PY
)
as_known "host builder by paramiko, by sshconf; the file after its user was set" \
  "the same twice; …, User me, Match host 10.0.0.*, User other" \
  "[('hostname', '10.0.0.1'), ('port', '2222'), ('user', 'build')]
[('port', '= 2222'), ('user', ['build', 'other'])]
Host builder, HostName=10.0.0.1, Port = 2222, User me, Match host 10.0.0.*" "$seen"
