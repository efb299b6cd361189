#!/usr/bin/env bash
# decomposerize 1.4.4 (npm): a compose file's `test: ["CMD", "buildctl", "debug", "workers"]` becomes the health command
# `CMD,buildctl,debug,workers`; `read_only` of a mount stays, which docker doesn't know; a list as entrypoint becomes
# several entrypoints, of which docker takes the last; a port in the long form is left out.
# Why it matters: BuildKit's and registries' compose files have all four. The container is never healthy, or it is
# another program that runs, or nobody can reach it.
# Upstream says otherwise: docs.docker.com/reference/compose-file/services: CMD and a list is a command with arguments;
# docker run has `--entrypoint` once and the rest after the image, `--mount …,readonly` and `--publish`.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages decomposerize@1.4.4
cat >"$work/node/ask.js" <<'JS'
const decomposerize = require("decomposerize");
console.log((decomposerize.default || decomposerize)(`
services:
  buildkitd:
    image: moby/buildkit
    entrypoint: [buildkitd, --debug]
    healthcheck: {test: [CMD, buildctl, debug, workers]}
    ports: [{target: 1234, published: "1234"}]
    volumes: [{type: bind, source: /srv, target: /etc/buildkit, read_only: true}]
`));
JS
seen=$(cd "$work/node" && node ask.js)
as_known "docker run for it" "docker run --entrypoint buildkitd --health-cmd 'buildctl debug workers' -p 1234:1234 \
--mount type=bind,source=/srv,target=/etc/buildkit,readonly moby/buildkit --debug" \
  'docker run --entrypoint buildkitd --entrypoint --debug --health-cmd CMD,buildctl,debug,workers '\
'--mount type=bind,source=/srv,target=/etc/buildkit,read_only=true moby/buildkit' "$seen"
