#!/usr/bin/env bash
# dockerfile-generator 5.0.3 (npm): convertToJSON() removes blanks, so `RUN make all` is `makeall` and of
# ENTRYPOINT ["/app", "two words"] remains twowords; of `COPY a b /c/` the destination is b; flags are files; of stages
# there is the last one's base with the commands of all; HEALTHCHECK is a comment. No error is raised.
# Why it matters: it is meant to change Dockerfiles as data and to write them again with the same package. Each that
# builds in one stage and copies to the next, as those for many platforms do, comes out as another program.
# Upstream says otherwise: its README has convertToJSON() for Dockerfiles; moby/buildkit
# frontend/dockerfile/docs/reference.md has RUN, COPY and ENTRYPOINT, and what a second FROM begins.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages dockerfile-generator@5.0.3
printf '%s\n' 'FROM golang:1.24 AS build' 'RUN make all' 'FROM debian:12' 'COPY --from=build /out /app' 'COPY a b /c/' \
  'HEALTHCHECK --interval=5s CMD /app check' 'ENTRYPOINT ["/app", "two words"]' >"$work/node/Dockerfile"
cat >"$work/node/ask.js" <<'JS'
const { createReadStream } = require("fs");
const { convertToJSON } = require("dockerfile-generator");
convertToJSON(createReadStream("Dockerfile")).then((found) => {
  for (const [key, value] of Object.entries(found)) {
    console.log(`${key.replace(/_\d+$/, "")}: ${JSON.stringify(value)}`);
  }
});
JS
seen=$(cd "$work/node" && node ask.js)
as_known "the Dockerfile as JSON" 'two stages, "make all", "two words"' 'from: {"baseImage":"debian:12"}
run: ["makeall"]
copy: {"--from=build":"/out","a":"b"}
comment: "--interval=5s CMD /app check"
entrypoint: ["/app","twowords"]' "$seen"
