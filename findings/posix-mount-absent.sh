#!/usr/bin/env bash
# ansible.posix 2.1.0 (ansible 12.3.0), mount: `state: absent` and `absent_from_fstab` leave a line of four or five
# fields in /etc/fstab, with "changed": false. `state: present` finds the same line.
# Why it matters: the disk of Docker's data root is taken out of the play and of the host. At the next boot systemd
# waits for it, and the host ends in the emergency shell.
# Upstream says otherwise: fstab(5): the fifth and the sixth field may be missing. The comments of the module's own code
# say so for `present`; ansible issue 71806 of 2020 was closed by a bot for want of a template.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections ansible.posix
file=$work/fstab
printf '%s\n' '/dev/vdb /var/lib/docker ext4 defaults,prjquota' '/dev/vdc /var/cache/builds ext4 defaults 0' \
  '/dev/vdd /srv ext4 defaults 0 2' >"$file"
changed=$(for path in /var/lib/docker /var/cache/builds /srv; do
  module ansible.posix.mount "path=$path state=absent_from_fstab fstab=$file" | sed -n 's/^ *"changed": \(.*\),/\1/p'
done)
as_known "changed, for lines of four, five and six fields; what is left" "true true true;" \
  "false false true; /dev/vdb /var/lib/docker ext4 defaults,prjquota,/dev/vdc /var/cache/builds ext4 defaults 0" \
  "$(paste -sd ' ' <<<"$changed"); $(paste -sd , "$file")"
