#!/usr/bin/env bash
# systemd 252 (also seen with 257 and 262): a unit that packages have started at boot, and whose start an administrator
# masked, is `enabled`; without the mask it is `static`. In /etc the link that masks counts as one that enables.
# Why it matters: `systemctl is-enabled systemd-binfmt` looks best where it never starts. UnitFileState proves nothing;
# what wants the unit (`systemctl show --property=WantedBy`) does.
# systemd.unit(5) has the mask: a link of the same name to /dev/null in a .wants folder of /etc. systemctl(1) has
# `enabled` for links in such a folder, and tells none from the other.
set -euo pipefail
. "$(dirname "$0")/common.bash"
debian_packages systemd libsystemd-shared
LD_LIBRARY_PATH=$(echo "$work"/debian/usr/lib/*-linux-gnu/systemd "$work"/debian/lib/*-linux-gnu | tr ' ' ':')
PATH=$work/debian/bin:$PATH
root=$work/root wants=systemd/system/sysinit.target.wants
mkdir -p "$root/usr/lib/$wants" "$root/etc/$wants"
printf '[Service]\nExecStart=/bin/true\n' >"$root/usr/lib/systemd/system/a.service"
ln -s ../a.service "$root/usr/lib/$wants/a.service"
state() { systemctl --root="$root" is-enabled a.service || true; }
before=$(state)
ln -s /dev/null "$root/etc/$wants/a.service"
as_known "state of a unit that packages start at boot, before and after somebody masked that" \
  "static masked" "static enabled" "$before $(state)"
