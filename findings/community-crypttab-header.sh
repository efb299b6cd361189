#!/usr/bin/env bash
# community.general 11.4.2 (ansible 12.3.0), crypttab: setting an option of one disk cuts the options of all others at a
# second `=`: `header=/luks.img:UUID=7f3a` becomes `header=/luks.img:UUID`.
# Why it matters: a scratch disk for builds gets a new key at each boot, so a play sets it up here. The host's own disk,
# whose header is detached, is not opened at the next boot.
# Upstream says otherwise: crypttab(5) of systemd: header= takes a path and, after a colon, a device as in fstab
# (`UUID=…`). Issue 4963 of community.general tells of the entry that is set, not of others; its pull request 11926,
# which mends it, is merged and not in 11.4.2.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections community.general
file=$work/crypttab
printf '%s\n' 'root UUID=5b1c none luks,header=/luks.img:UUID=7f3a' 'scratch /dev/vdb /dev/urandom swap' >"$file"
module community.general.crypttab "path=$file name=scratch state=opts_present opts=size=512" >"$work/said"
as_known "the file, when size=512 was added to scratch" \
  "root UUID=5b1c none luks,header=/luks.img:UUID=7f3a; scratch /dev/vdb /dev/urandom swap,size=512" \
  "root UUID=5b1c none luks,header=/luks.img:UUID; scratch /dev/vdb /dev/urandom swap,size=512" \
  "$(paste -sd ';' "$file" | sed 's/;/; /')"
