#!/usr/bin/env bash
# dockerfilelint 1.8.0, dockerfile_lint 0.3.4 and dockerlint 0.3.9 (npm): `FROM --platform=… golang:1.24` has no tag to
# the first, and is an error to the second; $BUILDPLATFORM is unknown to the third. And a host's port is a tag to all.
# Why it matters: each Dockerfile that compiles for other platforms begins with this line. It fails the check, or the
# rule is switched off that would have found the image without a tag.
# Upstream says otherwise: moby/buildkit frontend/dockerfile/docs/reference.md: FROM takes --platform, and knows
# BUILDPLATFORM without any ARG.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages dockerfilelint@1.8.0 dockerfile_lint@0.3.4 dockerlint@0.3.9
cat >"$work/node/ask.js" <<'JS'
const { writeFileSync } = require("fs");
const { spawnSync } = require("child_process");
const dockerfilelint = require("dockerfilelint/lib/index.js");
const DockerfileLint = require("dockerfile_lint");
for (const line of process.argv.slice(2)) {
  writeFileSync("Dockerfile", `${line}\n`);
  const first = dockerfilelint.run(".", `${line}\n`).map((each) => each.rule);
  const second = new DockerfileLint().validate(`${line}\n`).error.data.filter((each) => each.line > 0);
  const third = spawnSync("node_modules/.bin/dockerlint", ["Dockerfile"], { encoding: "utf8" });
  const said = [...first, ...second.map((each) => each.message), third.status ? "unknown argument" : ""];
  console.log(`${line}: ${said.filter(Boolean).join(", ") || "fine"}`);
}
JS
# shellcheck disable=SC2016 # for the Dockerfile to expand
seen=$(cd "$work/node" && node ask.js 'FROM golang:1.24' 'FROM --platform=linux/arm64 golang:1.24' \
  'FROM --platform=$BUILDPLATFORM golang:1.24' 'FROM harbor:8443/golang')
as_known "what the three find" "nothing; nothing; nothing; no tag" "FROM golang:1.24: fine
FROM --platform=linux/arm64 golang:1.24: missing_tag, Invalid parameters for command.
FROM --platform=\$BUILDPLATFORM golang:1.24: missing_tag, Invalid parameters for command., unknown argument
FROM harbor:8443/golang: fine" "$seen"
