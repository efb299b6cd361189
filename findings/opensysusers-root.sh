#!/usr/bin/env bash
# opensysusers 0.7.3 (Debian's other systemd-sysusers): with --root=FOLDER it reads its sysusers.d and makes the
# users here, on the host that runs it. Of `u imagekit 31850:imagebuild … /bin/sh` it gives `31850:imagebuild` to
# useradd as the number, which is none, and a shell of its own.
# Why it matters: --root is how users come into a root file system for another architecture, whose useradd does not run
# here. The image lacks them, and the builder has users that nobody asked for.
# Upstream says otherwise: its own --help and systemd-sysusers(8) have all paths prefixed with the root; sysusers.d(5)
# has UID:GROUP and a shell, as systemd 252's program of the same name does.
set -euo pipefail
. "$(dirname "$0")/common.bash"
debian_packages opensysusers=0.7.3-2 systemd libsystemd-shared
LD_LIBRARY_PATH=$(echo "$work"/debian/usr/lib/*-linux-gnu/systemd "$work"/debian/lib/*-linux-gnu | tr ' ' ':')
mkdir "$work/programs"
for program in useradd groupadd usermod passwd; do # nothing is made on this host
  printf '#!/bin/sh\necho %s "$@" >>"%s/called"\n' "$program" "$work" >"$work/programs/$program"
done
chmod +x "$work"/programs/*
for tool in systemd opensysusers; do
  mkdir -p "$work/$tool/etc/sysusers.d"
  printf 'g imagebuild 31851\nu imagekit 31850:imagebuild "BuildKit" /var/lib/buildkit /bin/sh\n' \
    >"$work/$tool/etc/sysusers.d/buildkit.conf"
done
"$work/debian/bin/systemd-sysusers" --root="$work/systemd" 2>"$work/log"
PATH=$work/programs:$PATH opensysusers-sysusers --root="$work/opensysusers"
as_known "the user in the root's passwd: systemd; opensysusers, and what it calls" \
  "imagekit:x:31850:31851:BuildKit:/var/lib/buildkit:/bin/sh, twice; --root $work/opensysusers …" \
  'imagekit:x:31850:31851:BuildKit:/var/lib/buildkit:/bin/sh; none; groupadd -g 31851 imagebuild
groupadd -g 31850:imagebuild imagekit
useradd -rc BuildKit -u 31850:imagebuild -g imagekit -d /var/lib/buildkit -s /sbin/nologin imagekit
passwd -l imagekit' \
  "$(grep '^imagekit' "$work/systemd/etc/passwd"); $(
    grep '^imagekit' "$work/opensysusers/etc/passwd" 2>/dev/null || echo none); $(cat "$work/called")"
