#!/usr/bin/env bash
# community.general 11.4.2 (ansible 12.3.0), sudoers: a rule called `jane.doe`, or `builders.example`, is written to a
# file of that name, said to be changed, and checked with visudo. sudo leaves out files with a dot in their name.
# Why it matters: rules are called after users and hosts, which have dots. Who may start builds may not, and each run
# says that the rule is there.
# Upstream says otherwise: sudoers(5), "Including other files from within sudoers": names with a `.` are skipped. The
# module's documentation has the name as the file's, without a word of that; ansible.builtin.cron warns of /etc/cron.d.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections community.general
debian_packages sudo=1.9.13p3-1+deb12u4
LD_LIBRARY_PATH=$work/debian/usr/libexec/sudo
rules=$work/sudoers.d
mkdir "$rules"
said=$(for name in jane jane.doe; do
  module community.general.sudoers "name=$name user=$name commands=/usr/bin/docker sudoers_path=$rules" |
    sed -n 's/^ *"changed": \(.*\)/\1/p'
done)
echo "@includedir $rules" >"$work/sudoers"
read_by_sudo=$(visudo -c -f "$work/sudoers" 2>&1 | sed "s#$work/##")
seen="$(paste -sd , <<<"$said"); $(paste -sd , <<<"$read_by_sudo")"
as_known "changed, for jane and jane.doe; what visudo reads" "true, true; with sudoers.d/jane.doe" \
  "true, true; sudoers: parsed OK, sudoers.d/jane: parsed OK" "${seen//,/, }"
