#!/usr/bin/env bash
# systemd-client 0.9.2 (PyPI): its ServiceBuilder writes the values of Environment= as they are, between quotes. With a
# backslash in one of them systemd ignores all of the line, the other variables too; a quote is lost, and `%h` becomes
# the home folder. build() reports no problem.
# Why it matters: a proxy's password is among dockerd's variables, and the daemon starts with none of them.
# Upstream says otherwise: systemd.exec(5) and systemd.syntax(7): quotes, backslashes and percent signs have to be
# escaped in Environment=. The builder's argument is a mapping of names to values.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages systemd-client==0.9.2
debian_packages systemd libsystemd-shared
LD_LIBRARY_PATH=$(echo "$work"/debian/usr/lib/*-linux-gnu/systemd "$work"/debian/lib/*-linux-gnu | tr ' ' ':')
env -u LD_LIBRARY_PATH python3 - "$work/a.service" <<'PY'
import sys

from systemd_client import ServiceBuilder

unit = ServiceBuilder("a").description("a").user("daemon").exec_start("/bin/true")
unit = unit.environment({"LEVEL": "3", "PASSWORD": "x\\y"}).build()
with open(sys.argv[1], "w") as file:
    file.write(getattr(unit, "content", str(unit)))
PY
seen=$(grep '^Environment' "$work/a.service"; systemd-analyze verify "$work/a.service" 2>&1 |
  grep -o 'Invalid syntax, ignoring' || true)
as_known "line, and what systemd has against it" "a line with x\\\\y, and nothing" 'Environment="LEVEL=3" "PASSWORD=x\y"
Invalid syntax, ignoring' "$seen"
