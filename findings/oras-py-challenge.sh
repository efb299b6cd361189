#!/usr/bin/env bash
# oras 0.2.43 (PyPI): a challenge with an unquoted or an empty value is misread, and the token is asked for in vain.
# `service=harbor` is not seen at all; after `service=""` the value is `",scope=`, and the scope is lost.
# Why it matters: both are valid, and registries behind gateways send them; the token service answers 400 or gives a
# token that permits nothing, which looks like a wrong password.
# Upstream says otherwise: RFC 9110, 11.2 and 5.6.4: a parameter's value is a token or a quoted string, which may be
# empty.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages oras==0.2.43
seen=$(python3 - <<'PY'
from oras.auth.utils import parse_auth_header

for service in ("harbor", '""'):
    challenge = parse_auth_header(f'Bearer realm="https://h/t",service={service},scope="repository:app:pull"')
    print([challenge.service, challenge.scope], end=" ")
PY
)
as_known "service and scope, unquoted and empty" "['harbor', 'repository:app:pull'] ['', 'repository:app:pull'] " \
  "[None, 'repository:app:pull'] ['\",scope=', None] " "$seen"
