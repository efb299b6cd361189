#!/usr/bin/env bash
# augeas-lenses 1.14.0: a configuration of ssh with `User ci # builds`, `Match all`, `IdentityFile "~/my keys/ci"`
# or a forwarded socket (`LocalForward /run/user/1000/d.sock /run/docker.sock`) cannot be parsed.
# Why it matters: the forwarded socket is the usual way to a distant daemon without DOCKER_HOST=ssh://. Tools on Augeas
# set no host in such a file.
# Upstream says otherwise: ssh_config(5): LocalForward's arguments may be paths of sockets, `Match all` matches always,
# arguments may be in quotes; `ssh -G` takes all four.
set -euo pipefail
. "$(dirname "$0")/common.bash"
ssh -V 2>&1 || cannot "ssh is missing"
. "$(dirname "$0")/augeas.bash"
file=$work/root/etc/file
seen=$(while IFS= read -r line; do
  printf 'Host builder\n  Port 2222\n%s\n' "$line" >"$file"
  (unset LD_LIBRARY_PATH && ssh -G -F "$file" builder 2>&1) | grep -c '^port 2222' || true
  tree Ssh | grep -c '/Port = "2222"' || true
done <<'SSH'
  User ci
  User ci # builds
  IdentityFile "~/my keys/ci"
  LocalForward /run/user/1000/d.sock /run/docker.sock
Match all
SSH
)
as_known "the port of a host, of ssh and of Augeas, with each of five lines after it" "1 1 1 1 1 1 1 1 1 1" \
  "1 1 1 0 1 0 1 0 1 0" "$(paste -sd ' ' <<<"$seen")"
