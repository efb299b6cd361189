#!/usr/bin/env bash
# aiodocker 0.27.0: DOCKER_HOST does not count where `docker context use` chose a context: its daemon is asked. And
# contexts and the chosen one are read from ~/.docker, whatever DOCKER_CONFIG says.
# Why it matters: a job that sets DOCKER_HOST to a builder reaches another daemon, with no word about it, and removes or
# builds images there. One that sets DOCKER_CONFIG, to keep away from the person's own settings, gets just these.
# Upstream says otherwise: its own documentation (class Docker) has DOCKER_HOST before context and DOCKER_CONTEXT; so
# does docker/cli cli/command/cli.go (resolveContextName), and `docker context use` warns of it. docker 7.2.0 does so.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages aiodocker==0.27.0 docker==7.2.0
# context FOLDER NAME: a configuration with a context of this name, that is chosen
context() {
  local meta
  meta=$1/contexts/meta/$(printf '%s' "$2" | sha256sum | cut -d ' ' -f 1)
  mkdir -p "$meta"
  echo "{\"currentContext\": \"$2\"}" >"$1/config.json"
  printf '{"Name": "%s", "Metadata": {}, "Endpoints": {"docker": {"Host": "tcp://%s:2375"}}}' "$2" "$2" \
    >"$meta/meta.json"
}
context "$work/home/.docker" personal
context "$work/job" staging
ask() {
  env -u DOCKER_CONTEXT -u DOCKER_CONFIG -u DOCKER_HOST -u DOCKER_TLS_VERIFY HOME="$work/home" "$@" python3 - <<'PY'
import asyncio

import aiodocker
import docker


async def main():
    async with aiodocker.Docker() as client:
        print(docker.from_env(version="1.44").api.base_url, client.docker_host)


asyncio.run(main())
PY
}
seen=$(ask DOCKER_HOST=tcp://builder:2375; ask DOCKER_CONFIG="$work/job")
as_known "with DOCKER_HOST=tcp://builder:2375; with DOCKER_CONFIG: docker, aiodocker" \
  "builder, builder; staging, staging" "http://builder:2375 tcp://personal:2375
http://staging:2375 tcp://personal:2375" "$seen"
