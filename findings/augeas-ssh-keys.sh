#!/usr/bin/env bash
# augeas-lenses 1.14.0: an authorized_keys with the option `restrict` or `expiry-time`, and a known_hosts with a comment
# after a key, cannot be parsed: of the file's other lines there is nothing, either.
# Why it matters: `restrict` with a command is how a key for builds is kept small, and ssh-keyscan's and ssh-copy-id's
# users write comments. Tools on Augeas can neither add a key nor take one away there.
# Upstream says otherwise: sshd(8), AUTHORIZED_KEYS FILE FORMAT: restrict (of OpenSSH 7.2, 2016) and expiry-time;
# SSH_KNOWN_HOSTS FILE FORMAT: the fields are markers, names, key type, key and comment.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/augeas.bash"
# ask LENS LINE: how many keys it finds in a file with that line and one more
ask() {
  local key='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ'
  printf '%s\n' "${2/KEY/$key}" "${3/KEY/$key}" >"$work/root/etc/file"
  tree "$1" | grep -c '/type = ' || true
}
seen=$(for option in no-pty restrict 'expiry-time="20271231"'; do
  ask Authorized_Keys "$option KEY ci" 'KEY admin'
done
  ask Known_Hosts 'builder KEY' '10.0.0.5 KEY'
  ask Known_Hosts 'builder KEY root@builder' '10.0.0.5 KEY')
as_known "keys of two: with no-pty, restrict, expiry-time; of two hosts, of two hosts with a comment" "2 2 2 2 2" \
  "2 0 0 2 0" "$(paste -sd ' ' <<<"$seen")"
