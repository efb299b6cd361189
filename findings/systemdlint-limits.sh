#!/usr/bin/env bash
# systemdlint 1.4.0 (PyPI): limits as docker's and containerd's units have them are errors: `LimitNOFILE=1024:524288` (a
# soft and a hard one), `MemoryMax=80%` or `1.5G`, `TasksMax=90%`, `OOMPolicy=continue`, `KillSignal=SIGRTMIN+3`. And
# with UMask=0077 all files are said to be writeable by everybody, as with 0022. systemd 252 has no objection to any.
# Why it matters: it is how units are checked where no systemd runs, as in the builds of images. Who believes it takes
# the limits away, under which a build cannot take the host down.
# Upstream says otherwise: systemd.exec(5) has LimitNOFILE=SOFT:HARD and UMask= as an octal mask,
# systemd.resource-control(5) percentages and suffixes, systemd.service(5) OOMPolicy=, signal(7) SIGRTMIN+n.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages systemdlint==1.4.0
debian_packages systemd libsystemd-shared
LD_LIBRARY_PATH=$(echo "$work"/debian/usr/lib/*-linux-gnu/systemd "$work"/debian/lib/*-linux-gnu | tr ' ' ':')
settings='LimitNOFILE=524288 LimitNOFILE=1024:524288 MemoryMax=80% MemoryMax=1.5G TasksMax=90% OOMPolicy=continue
KillSignal=SIGRTMIN+3 UMask=0077'
seen=$(for setting in $settings; do
  printf '[Unit]\nDescription=a\n[Service]\nUser=daemon\nExecStart=/bin/true\n%s\n' "$setting" >"$work/a.service"
  systemd-analyze verify "$work/a.service" 2>&1 | grep -o 'a.service:6.*' || true
  { env -u LD_LIBRARY_PATH systemdlint --norootfs "$work/a.service" 2>&1 || true; } |
    grep -oE '\[(InvalidValue|InvalidSetting|Security.UMaskOW)\]' | sed "s/^/$setting /" || echo "$setting fine"
done)
as_known "what is wrong with each" nothing "LimitNOFILE=524288 fine
LimitNOFILE=1024:524288 [InvalidValue]
MemoryMax=80% [InvalidValue]
MemoryMax=1.5G [InvalidValue]
TasksMax=90% [InvalidValue]
OOMPolicy=continue [InvalidSetting]
KillSignal=SIGRTMIN+3 [InvalidValue]
UMask=0077 [Security.UMaskOW]" "$seen"
