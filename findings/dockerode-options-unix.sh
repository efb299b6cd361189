#!/usr/bin/env bash
# dockerode-options 0.2.1 (npm): DOCKER_HOST=unix:///run/user/1000/docker.sock is a host without name and port to it;
# only the path alone is a socket. `tcp://builder` has no port, and `ssh://builder` is plain HTTP to that host.
# Why it matters: unix:// is what `docker context` and the set-up of the rootless daemon print for DOCKER_HOST. Programs
# with it reach no daemon, or ask builders without encryption that only ssh leads to.
# Upstream says otherwise: its description: docker options out of DOCKER_HOST; docker/cli opts/hosts.go has unix://,
# tcp:// with 2375 as the port, and ssh://.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages dockerode-options@0.2.1
seen=$(for host in /run/user/1000/docker.sock unix:///run/user/1000/docker.sock tcp://builder ssh://builder; do
  (cd "$work/node" && DOCKER_HOST=$host node --no-deprecation -p 'JSON.stringify(require("dockerode-options")())')
done)
as_known "options for a path, unix:// with it, tcp://builder and ssh://builder" \
  "twice the socket, a host with port 2375, an error" '{"socketPath":"/run/user/1000/docker.sock"}
{"host":"http://","port":null}
{"host":"http://builder","port":null}
{"host":"http://builder","port":null}' "$seen"
