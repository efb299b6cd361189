#!/usr/bin/env bash
# ansible.posix 2.1.0 (ansible 12.3.0), sysctl: a task that sets one key drops lines of others. Of a key that is in the
# file twice the first line stays, though the last is the one in force.
# Why it matters: who raises a limit for builds appends a line to /etc/sysctl.conf. The next role that switches on
# IP forwarding takes it away, and at the next boot the low limit is back.
# Upstream says otherwise: sysctl(8) and sysctl.d(5) apply a file's lines in their order; the module's documentation
# has no word of other keys. Its pull request 691 has it that "the latest one will be adopted".
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections ansible.posix
file=$work/sysctl.conf
printf '%s\n' 'fs.inotify.max_user_watches = 8192' '# for builds' 'fs.inotify.max_user_watches = 524288' >"$file"
module ansible.posix.sysctl "name=net.ipv4.ip_forward value=1 reload=false sysctl_file=$file" >"$work/said"
as_known "the file's lines, when net.ipv4.ip_forward was set" "the three, and net.ipv4.ip_forward=1" \
  "fs.inotify.max_user_watches=8192, # for builds, net.ipv4.ip_forward=1" "$(paste -sd , "$file" | sed 's/,/, /g')"
