#!/usr/bin/env bash
# @reteps/dockerfmt 0.5.4 (npm): `ENV OPTS -a -b`, whose value is `-a -b`, becomes `ENV OPTS=-a -b`, which is an error;
# and with `ENV NAME one two=three` it sets another value and one more variable, without any.
# Why it matters: a formatter should change no meaning. The old form is in many Dockerfiles; the mended one fails, or
# builds with other options.
# Upstream says otherwise: moby/buildkit frontend/dockerfile/docs/reference.md, ENV: without `=` all that follows the
# name is the value; with it, frontend/dockerfile/parser/line_parsers.go says of `-b`: can't find = in "-b".
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages @reteps/dockerfmt@0.5.4
cat >"$work/node/ask.mjs" <<'JS'
import { formatDockerfileContents } from "@reteps/dockerfmt";
const text = "FROM alpine:3\nENV OPTS -a -b\nENV NAME one two=three\n";
process.stdout.write(await formatDockerfileContents(text, { indent: 4, trailingNewline: true, spaceRedirects: false }));
JS
seen=$(cd "$work/node" && node ask.mjs | grep ^ENV)
as_known "ENV OPTS -a -b; ENV NAME one two=three" 'ENV OPTS="-a -b"; ENV NAME="one two=three", or as they were' \
  "ENV OPTS=-a -b
ENV NAME=one two=three" "$seen"
