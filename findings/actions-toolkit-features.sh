#!/usr/bin/env bash
# @docker/actions-toolkit 0.101.0 (npm): every feature that a builder lacks is reported as present. `buildx inspect`
# prints true or false after each name; the toolkit makes a boolean of the text, and "false" is true.
# Why it matters: whether a builder can load into Docker or export OCI archives is asked before a job relies on it.
# Upstream says otherwise: docker/buildx commands/inspect.go prints "%s:\t%t" for each feature (with --debug).
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages @docker/actions-toolkit@0.101.0
cat >"$work/inspect" <<'TEXT'
Name:   multi
Driver: remote

Nodes:
Name:     multi0
Status:   running
Features:
 Cache export:    true
 Docker exporter: false
TEXT
cat >"$work/node/read.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { Builder } from "@docker/actions-toolkit/lib/buildx/builder.js";
const builder = await Builder.parseInspect(readFileSync(0, "utf8"));
console.log(Object.values(builder.nodes[0].features).join(" "));
JS
seen=$(node "$work/node/read.mjs" <"$work/inspect")
as_known "a feature that is there, one that is not" "true false" "true true" "$seen"
