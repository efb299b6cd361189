#!/usr/bin/env bash
# docker 7.2.0 (the SDK for Python): a line that only names a variable makes parse_env_file raise. For `docker run
# --env-file` such a line takes the variable from the environment, or leaves it out where it is unset.
# Why it matters: `https_proxy` alone on a line is how a build host hands its proxy on without writing it down.
# Upstream says otherwise: docker/cli docs/reference/commandline/container_run.md, "--env-file", shows a bare USER.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages docker==7.2.0
printf 'A=1\nhttps_proxy\n' >"$work/env.list"
seen=$(https_proxy=http://proxy:3128 python3 - "$work/env.list" <<'PY'
import sys

from docker.errors import DockerException
from docker.utils import parse_env_file

try:
    print(parse_env_file(sys.argv[1]))
except DockerException as refused:
    print(str(refused).partition(" file")[0])
PY
)
as_known "A=1 and a bare https_proxy" "{'A': '1', 'https_proxy': 'http://proxy:3128'}" \
  "Invalid line in environment" "$seen"
