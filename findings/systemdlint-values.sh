#!/usr/bin/env bash
# systemdlint 1.4.0 (PyPI): `MemoryHigh=75%` and `LimitMEMLOCK=64M:1G` are invalid values to it; `CPUQuota=200%` is not.
# Why it matters: these are the limits that keep a host usable beside its builds. A pipeline that lints units refuses
# them, and its author writes bytes that fit one host.
# Upstream says otherwise: systemd.resource-control(5): MemoryHigh= takes a percentage of the physical memory;
# systemd.exec(5): a soft and a hard limit are written as soft:hard. `systemd-analyze verify` has no word against them.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages systemdlint==1.4.0
unit=$work/buildkit.service
printf '%s\n' '[Unit]' Description=Builder '[Service]' ExecStart=/bin/true CPUQuota=200% MemoryHigh=75% \
  LimitMEMLOCK=64M:1G >"$unit"
seen=$(systemdlint "$unit" 2>&1 | sed -n 's/.*\[InvalidValue\] - //p' | sort | paste -sd ' ') || true
as_known "invalid values among CPUQuota=200% MemoryHigh=75% LimitMEMLOCK=64M:1G" "none" \
  "LimitMEMLOCK=64M:1G MemoryHigh=75%" "$seen"
