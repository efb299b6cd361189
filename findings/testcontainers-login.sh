#!/usr/bin/env bash
# testcontainers 4.15.0 (Python): with a `:` in one password no login of DOCKER_AUTH_CONFIG can be read ("Could not
# parse docker auth config"), and no client made. Of a login with an identity token it takes the empty password beside.
# Why it matters: DOCKER_AUTH_CONFIG is a config.json's text in a CI variable, the same for all jobs. Machine-made
# passwords have colons; registries that log in with tokens say no, or tests fail that need no registry at all.
# Upstream says otherwise: docker/cli cli/config/configfile/file.go (decodeAuth) parts at the first colon, and
# types/authconfig.go has identitytoken. testcontainers 12.0.4 (npm) reads both, the former since its issue 838.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages testcontainers==4.15.0
seen=$(python3 - <<'PY'
import base64
import json

from testcontainers.core.auth import parse_docker_auth_config


def auth(text):
    return base64.b64encode(text.encode()).decode()


token = {"auth": auth("00000000-0000-0000-0000-000000000000:"), "identitytoken": "token"}
for entry in {"auth": auth("build:secret")}, {"auth": auth("build:sec:ret")}, token:
    try:
        print(parse_docker_auth_config(json.dumps({"auths": {"registry.example": entry}}))[0][1:])
    except ValueError as error:
        print(error)
PY
)
as_known "build with the password secret, with sec:ret; a token" \
  "('build', 'secret'), ('build', 'sec:ret'), the token" \
  "('build', 'secret')
Could not parse docker auth config
('00000000-0000-0000-0000-000000000000', '')" "$seen"
