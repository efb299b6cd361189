#!/usr/bin/env bash
# docker 7.2.0 (the SDK for Python): DOCKER_HOST=tcp://builder is refused, "port is required". Docker's command line
# adds 2375 (2376 with TLS).
# Why it matters: an environment that works for `docker` and `docker buildx` fails for scripts beside them.
# Upstream says otherwise: docker/cli docs/reference/dockerd.md (the formats of -H) and opts/hosts.go (ParseTCPAddr).
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages docker==7.2.0
seen=$(python3 - <<'PY'
from docker.errors import DockerException
from docker.utils import parse_host

try:
    print(parse_host("tcp://builder"))
except DockerException as refused:
    print("port is required" in str(refused) and "refused: port is required")
PY
)
as_known "tcp://builder" "http://builder:2375" "refused: port is required" "$seen"
