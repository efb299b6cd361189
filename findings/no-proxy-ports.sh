#!/usr/bin/env bash
# no-proxy 1.0.3 and should-proxy 1.0.4 (npm): to the first an entry of NO_PROXY without a port is not about a URL with
# one: `registry.example` does not cover http://registry.example:5000/. To the second an entry with a port, `*` and an
# entry after a blank cover nothing, and 10.0.0.5 covers all that begins with 10: what follows a 0 does not count.
# Why it matters: registries and builders in the own network have ports. Their clients ask the proxy for them, or ask
# hosts directly that only the proxy reaches; docker on the same machine, with the same variable, does neither.
# Upstream says otherwise: golang.org/x/net/http/httpproxy: an entry without a port is for every port, an address is
# this address, `*` is all. proxy-from-env 2.1.0 (npm) does so.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages no-proxy@1.0.3 should-proxy@1.0.4 proxy-from-env@2.1.0
cat >"$work/node/ask.mjs" <<'JS'
import noProxy from "no-proxy";
import { getProxyForUrl } from "proxy-from-env";
import shouldProxy from "should-proxy";
const url = process.argv[2];
console.log(process.env.no_proxy, url, getProxyForUrl(url) === "", noProxy(url), !shouldProxy(url));
JS
ask() { (cd "$work/node" && NO_PROXY=$1 no_proxy=$1 http_proxy=http://proxy:3128 node --no-deprecation ask.mjs "$2"); }
seen=$(ask registry.example http://registry.example:5000/
  ask registry.example:5000 http://registry.example:5000/
  ask other.example,\ registry.example http://registry.example/
  ask '*' http://registry.example/
  ask 10.0.0.5 http://10.77.0.1/)
as_known "NO_PROXY, URL, without the proxy? By proxy-from-env, no-proxy, should-proxy" "true, true, true, true, false" \
  "registry.example http://registry.example:5000/ true false true
registry.example:5000 http://registry.example:5000/ true true false
other.example, registry.example http://registry.example/ true true false
* http://registry.example/ true true false
10.0.0.5 http://10.77.0.1/ false false true" "$seen"
