#!/usr/bin/env bash
# docker-registry-client-async 1.0.3 (PyPI): a name without a slash is put below library/ in every registry, so
# `localhost:5000/app` is asked for as library/app there; `localhost/app` is on Docker Hub; and `docker.io/app` is asked
# of the host docker.io, which has no registry.
# Why it matters: images that one pushed to a registry of one's own are not found (404), or a stranger's are taken.
# Upstream says otherwise: distribution/reference normalize.go: library/ belongs to docker.io alone, whose registry is
# registry-1.docker.io, and localhost before the first slash is a host. The README: a client for the Docker Registry.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages docker-registry-client-async==1.0.3
seen=$(python3 - <<'PY'
from docker_registry_client_async import ImageName

for text in "app", "docker.io/app", "localhost/app", "localhost:5000/app", "harbor:8443/app", "harbor:8443/team/app":
    name = ImageName.parse(text)
    print(f"{text}: {name.resolve_image()} of {name.resolve_endpoint()}")
PY
)
as_known "repository and host of each" \
  "library/app of Docker Hub's registry, twice; then app of that host, and team/app" \
  "app: library/app of index.docker.io
docker.io/app: library/app of docker.io
localhost/app: localhost/app of index.docker.io
localhost:5000/app: library/app of localhost:5000
harbor:8443/app: library/app of harbor:8443
harbor:8443/team/app: team/app of harbor:8443" "$seen"
