#!/usr/bin/env bash
# composeverter 1.7.5 (npm): its check of a compose file refuses every number that isn't quoted, and says of it that it
# "must be number,string": in a build's arguments, the environment, limits, `cpus`, ports and retries alike.
# Why it matters: it is meant to be put into pages and pipelines that take compose files. Nearly each file has a number,
# so whoever believes it quotes them all, or stops checking.
# Upstream says otherwise: its README: validates against the Docker Compose Common Specification; in
# compose-spec/compose-spec schema/compose-spec.json all of these may be numbers.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages composeverter@1.7.5
cat >"$work/node/ask.js" <<'JS'
const { validateDockerComposeToCommonSpec } = require("composeverter");
for (const keys of process.argv.slice(2)) {
  const wrong = validateDockerComposeToCommonSpec(`services: {app: {image: app, ${keys}}}`);
  console.log(`${keys}: ${wrong.length ? wrong[0].message.replace(/^.*?: | \(type.*/g, "") : "fine"}`);
}
JS
seen=$(cd "$work/node" && node ask.js 'build: {context: ., args: {LEVEL: "3"}}' \
  'build: {context: ., args: {LEVEL: 3}}' 'cpus: "2"' 'cpus: 2' 'ports: ["5000"]' 'ports: [5000]' \
  'ulimits: {nofile: 1024}' \
  'healthcheck: {test: /probe, retries: 3}')
as_known "what is wrong with each" nothing 'build: {context: ., args: {LEVEL: "3"}}: fine
build: {context: ., args: {LEVEL: 3}}: must be string
cpus: "2": fine
cpus: 2: must be number,string
ports: ["5000"]: fine
ports: [5000]: must be number
ulimits: {nofile: 1024}: must be integer
healthcheck: {test: /probe, retries: 3}: must be number' "$seen"
