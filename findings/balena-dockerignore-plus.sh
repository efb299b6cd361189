#!/usr/bin/env bash
# @balena/dockerignore 1.0.2 and @zeit/dockerignore 0.0.5 (npm): `+`, parentheses and `|` in a .dockerignore are taken
# as those of a regular expression: `lib(old)` excludes `libold`, `a|b` excludes `a`, and `c++` is an exception.
# Why it matters: tools that pack a context with them send folders to the builder that docker leaves out, or stop at a
# line that docker build takes. The first calls itself fully compatible with Docker and has most users.
# Upstream says otherwise: docs.docker.com, "dockerignore files", has no meaning for them (Go's filepath.Match);
# moby/patternmatcher patternmatcher.go escapes `.+()|{}$`, since moby/moby pull request 42961 of 2021.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages @balena/dockerignore@1.0.2 @zeit/dockerignore@0.0.5
cat >"$work/node/ask.js" <<'JS'
for (const name of ["@balena/dockerignore", "@zeit/dockerignore"]) {
  const ignore = require(name);
  const asked = [["lib(old)", "lib(old)/a.c"], ["a|b", "a"], ["c++", "c++/a.h"]];
  const seen = asked.map(([pattern, path]) => {
    try {
      return ignore().add([pattern]).ignores(path);
    } catch (error) {
      return error.message;
    }
  });
  console.log(seen.join(", "));
}
JS
seen=$(cd "$work/node" && node ask.js)
as_known "does lib(old) exclude lib(old)/a.c, a|b the file a, c++ the file c++/a.h?" "true, false, true" \
  "false, true, Invalid regular expression: /^c++\$/i: Nothing to repeat
false, true, Invalid regular expression: /^c++\$/i: Nothing to repeat" "$seen"
