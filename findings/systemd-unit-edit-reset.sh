#!/usr/bin/env bash
# systemd-unit-edit 0.1.0 (PyPI, over the Rust crate): merging a drop-in that empties a list (`Environment=`,
# `ExecStartPre=`) and sets it anew adds to the old list. With `ExecStart=` it does as systemd does.
# Why it matters: the empty assignment is the way to take away what a package's unit has. A proxy that dockerd no longer
# gets is there for the program that shows, checks or writes what it is started with.
# Upstream says otherwise: systemd.exec(5): the empty string empties the list. The library's page
# has from_file_with_dropins() for "drop-in overrides merged".
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages systemd-unit-edit==0.1.0
mkdir "$work/docker.service.d"
printf '[Service]\nEnvironment=HTTPS_PROXY=http://proxy:3128\nExecStart=/usr/bin/dockerd\n' >"$work/docker.service"
printf '%s\n' '[Service]' Environment= Environment=DOCKER_MIN_API_VERSION=1.40 \
  ExecStart= 'ExecStart=/usr/bin/dockerd --debug' >"$work/docker.service.d/10-proxy.conf"
seen=$(python3 - "$work/docker.service" <<'PY'
import sys

from systemd_unit_edit import SystemdUnit

service = SystemdUnit.from_file_with_dropins(sys.argv[1]).get_section("Service")
print(*service.get_all("Environment"), "|", *service.get_all("ExecStart"))
PY
)
as_known "Environment and ExecStart, each emptied and set anew by a drop-in" \
  "DOCKER_MIN_API_VERSION=1.40 | /usr/bin/dockerd --debug" \
  "HTTPS_PROXY=http://proxy:3128 DOCKER_MIN_API_VERSION=1.40 | /usr/bin/dockerd --debug" "$seen"
