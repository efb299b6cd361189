#!/usr/bin/env bash
# regshape 0.1.1 (PyPI): a login to Docker Hub, which docker keeps as `https://index.docker.io/v1/`, is found by none of
# its names, nor one that has an identity token; `docker.io/debian` is not library/debian; of a reference with tag and
# digest the tag belongs to the repository.
# Why it matters: pulls from Docker Hub are anonymous, with its limits, or are for a repository that isn't there; and
# references that are pinned with a digest, as builders' images should be, can't be used.
# Upstream says otherwise: its module dockerconfig is for Docker's configuration, and examples in the README are of
# docker.io; docker/cli cli/config/configfile has the key and identitytoken, distribution/reference the rest.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages regshape==0.1.1
cat >"$work/config.json" <<'JSON'
{"auths": {"https://index.docker.io/v1/": {"auth": "amFuZTpzZWNyZXQ="},
           "harbor:8443": {"auth": "amFuZTpzZWNyZXQ="},
           "ghcr.io": {"auth": "amFuZTo=", "identitytoken": "token"}}}
JSON
seen=$(DOCKER_CONFIG=$work python3 - <<'PY'
from regshape.libs.auth.credentials import resolve_credentials
from regshape.libs.refs import parse_image_ref

for registry in "docker.io", "index.docker.io", "registry-1.docker.io", "harbor:8443", "ghcr.io":
    print(registry, "login" if all(resolve_credentials(registry)) else "none")
for text in "docker.io/debian", "harbor:8443/app:1@sha256:" + 64 * "a":
    print(*parse_image_ref(text)[:2])
PY
)
as_known "logins, and registry and repository of docker.io/debian and harbor:8443/app:1@sha256:…" \
  "a login for each; docker.io library/debian; harbor:8443 app" \
  "docker.io none
index.docker.io none
registry-1.docker.io none
harbor:8443 login
ghcr.io none
docker.io debian
harbor:8443 app:1" "$seen"
