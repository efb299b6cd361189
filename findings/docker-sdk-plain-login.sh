#!/usr/bin/env bash
# docker 7.2.0 (the SDK for Python): a login written as username and password is dropped, and nobody is told. An entry
# of config.json without `auth` is taken for empty. Docker's command line reads both forms.
# Why it matters: Kubernetes takes the plain form for registry secrets and tools write it; pushes then go out without
# a login and fail with "denied". containers/image (skopeo) does not read it either: containers/image#1660.
# Upstream says otherwise: docker/cli cli/config/configfile/file.go, LoadFromReader, decodes only where `auth` is set.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages docker==7.2.0
echo '{"auths": {"harbor:8443": {"username": "ci", "password": "x"}}}' >"$work/config.json"
seen=$(python3 - "$work/config.json" <<'PY'
import sys

from docker.auth import load_config

print(load_config(sys.argv[1]).resolve_authconfig("harbor:8443"))
PY
)
as_known "the login for harbor:8443" "{'username': 'ci', 'password': 'x', …}" "{}" "$seen"
