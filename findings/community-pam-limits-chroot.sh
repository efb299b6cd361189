#!/usr/bin/env bash
# community.general 11.4.2 (ansible 12.3.0), pam_limits: `chroot` is among its items, and each value that names a folder
# is refused. In a file that has such a line no other limit can be set, either.
# Why it matters: nofile of the users who build is set this way. One line for an upload account, in the form of Debian's
# own example, and the play fails.
# Upstream says otherwise: limits.conf(5) of Debian has chroot with a directory, and Debian's limits.conf the example
# `ftp - chroot /ftp`; the module's documentation has chroot among the choices. We found no issue about it.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections community.general
file=$work/limits.conf
ask() {
  ansible localhost -i localhost, -c local -e "ansible_python_interpreter=$work/python/bin/python" \
    -m community.general.pam_limits -a "dest=$file $1" 2>"$work/ansible.log" |
    sed -n 's/^localhost | \([A-Z]*\).*/\1/p' || true
}
: >"$file"
seen=$(ask 'domain=upload limit_type=- limit_item=chroot value=/srv/upload'
  echo 'upload - chroot /srv/upload' >"$file"
  ask 'domain=ci limit_type=hard limit_item=nofile value=1048576')
as_known "setting chroot in an empty file; setting nofile of another user in a file that has it" "CHANGED CHANGED" \
  "FAILED FAILED" "$(paste -sd ' ' <<<"$seen")"
