#!/usr/bin/env bash
# testcontainers 4.15.0 (Python): DOCKER_CONTEXT does not count where `docker context use` chose a context: its daemon
# is set as DOCKER_HOST, which hides DOCKER_CONTEXT from docker 7.2.0, the SDK below. DOCKER_CONTEXT=default, the way
# back to the local daemon, is ignored, too.
# Why it matters: tests run on the daemon that was chosen once, not on the builder named for them; and where `docker`
# looks in the same shell, there are no containers.
# Upstream says otherwise: docker/cli cli/command/cli.go (resolveContextName): the variable, then the chosen one.
# docker.from_env() of docker 7.2.0 alone does so.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages testcontainers==4.15.0 docker==7.2.0
for name in chosen named; do
  meta=$work/config/contexts/meta/$(printf %s $name | sha256sum | cut -d ' ' -f 1)
  mkdir -p "$meta"
  printf '{"Name": "%s", "Metadata": {}, "Endpoints": {"docker": {"Host": "tcp://%s:2375"}}}' $name $name \
    >"$meta/meta.json"
done
echo '{"currentContext": "chosen"}' >"$work/config/config.json"
seen=$(for context in named default; do
  env -u DOCKER_HOST HOME="$work" DOCKER_CONFIG="$work/config" DOCKER_CONTEXT=$context python3 - <<'PY'
import docker
from testcontainers.core.docker_client import get_docker_host

print(docker.from_env(version="1.44").api.base_url, get_docker_host())
PY
done)
as_known "with DOCKER_CONTEXT=named, DOCKER_CONTEXT=default: docker, testcontainers" \
  "named, named; the local one, the local one" "http://named:2375 tcp://chosen:2375
http+docker://localhost tcp://chosen:2375" "$seen"
