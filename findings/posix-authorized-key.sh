#!/usr/bin/env bash
# ansible.posix 2.1.0 (ansible 12.3.0), authorized_key: adding a key drops another one whose line is followed by an
# older one that is commented out (`#from="…" ssh-ed25519 …`): to it this is a line with the option `#from`, and the
# last line of a key is the one that stays. It also makes one blank of two in the commands of other keys.
# Why it matters: commenting out is how a restriction is lifted. After the next play nobody gets in with that key.
# Upstream says otherwise: sshd(8), AUTHORIZED_KEYS FILE FORMAT: lines starting with a `#` are ignored. Issue 457 tells
# of lines with the same key and other options, which are lost as well.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections ansible.posix
for name in admin ci new; do
  ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$work/$name" || cannot "ssh-keygen is missing"
done
file=$work/authorized_keys
{
  cat "$work/admin.pub"
  echo "#from=\"10.9.0.0/16\" $(cat "$work/admin.pub")"
  echo "command=\"printf 'a  b'\" $(cat "$work/ci.pub")"
} >"$file"
module ansible.posix.authorized_key "{\"user\": \"$(id -un)\", \"path\": \"$file\", \"manage_dir\": false,
  \"key\": \"$(cat "$work/new.pub")\"}" >"$work/said"
as_known "the file's lines, when the key new was added" "the three, and ssh-ed25519 new" \
  "#from=\"10.9.0.0/16\" ssh-ed25519 admin
command=\"printf 'a b'\" ssh-ed25519 ci
ssh-ed25519 new" "$(sed 's/ AAAA[^ ]*//' "$file" | sed 's/ *$//')"
