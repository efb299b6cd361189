#!/usr/bin/env bash
# http-auth-utils 6.0.1 (npm): the challenge of a registry cannot be parsed. Of a Bearer challenge it takes the
# parameters that RFC 6750 has itself, and `service` is E_UNAUTHORIZED_KEY.
# Why it matters: every registry with a token service, Docker Hub and ghcr among them, sends `service`; a client made
# with this library can log in to none.
# Upstream says otherwise: RFC 9110 11.2 leaves parameters to the scheme, RFC 6750 3 says "Other auth-params MAY be
# used", and distribution's docs/content/spec/auth/token.md has `service` in the challenge. auth-header 1.0.0 reads it.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages http-auth-utils@6.0.1 auth-header@1.0.0
cat >"$work/node/ask.mjs" <<'JS'
import { parse } from "auth-header";
import { parseWWWAuthenticateHeader } from "http-auth-utils";
for (const rest of ["", ',service="registry.example"']) {
  const header = `Bearer realm="https://auth.example/token"${rest},scope="repository:app:pull"`;
  console.log(Object.keys(parse(header).params).join(" "));
  try {
    console.log(Object.keys(parseWWWAuthenticateHeader(header).data).join(" "));
  } catch (error) {
    console.log(error.message);
  }
}
JS
seen=$(cd "$work/node" && node ask.mjs)
as_known "parameters without and with service, by auth-header and by http-auth-utils" \
  "realm scope twice, realm service scope twice" "realm scope
realm scope
realm service scope
E_UNAUTHORIZED_KEY" "$seen"
