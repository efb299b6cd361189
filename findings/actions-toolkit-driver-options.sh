#!/usr/bin/env bash
# @docker/actions-toolkit 0.101.0 (npm): of a builder's driver options it reads only what follows the last hyphen of a
# name: `restart-policy="always"` is `policy=always`, `default-load` is `load`, `memory-swap` is `swap`.
# Why it matters: setup-buildx-action and others tell a builder by this; whoever creates a second node from what was
# read gets "invalid driver option", and a comparison finds a difference at every run.
# Upstream says otherwise: docker/buildx docs/reference/buildx_create.md, "--driver-opt", has these names, and
# commands/inspect.go prints them as given below.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages @docker/actions-toolkit@0.101.0
cat >"$work/inspect" <<'TEXT'
Name:   multi
Driver: docker-container

Nodes:
Name:           multi0
Endpoint:       unix:///var/run/docker.sock
Driver Options: network="host" restart-policy="always" memory-swap="2g"
Status:         running
TEXT
cat >"$work/node/read.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { Builder } from "@docker/actions-toolkit/lib/buildx/builder.js";
const builder = await Builder.parseInspect(readFileSync(0, "utf8"));
console.log(builder.nodes[0]["driver-opts"].join(" "));
JS
seen=$(node "$work/node/read.mjs" <"$work/inspect")
as_known "network, restart-policy, memory-swap" "network=host restart-policy=always memory-swap=2g" \
  "network=host policy=always swap=2g" "$seen"
