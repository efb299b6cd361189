#!/usr/bin/env bash
# docker 7.2.0 (the SDK for Python): mem_limit and shm_size refuse units that `docker run -m` takes. 10MiB is refused
# with a message about "10Mi", and so is 1t; 10MB is taken.
# Why it matters: `docker stats`, `docker info` and `docker buildx du` print MiB and GiB; what one program of Docker
# prints cannot be given to another.
# Upstream says otherwise: docker/go-units size.go (RAMInBytes), which docker/cli uses for --memory, takes MiB and t.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages docker==7.2.0
seen=$(python3 - <<'PY'
from docker.errors import DockerException
from docker.utils import parse_bytes


def read(size):
    try:
        return parse_bytes(size)
    except DockerException:
        return "refused"


print(*map(read, ("10MB", "10MiB", "1t")))
PY
)
as_known "10MB, 10MiB, 1t" "10485760 10485760 1099511627776" "10485760 refused refused" "$seen"
