#!/usr/bin/env bash
# docker 7.2.0, the SDK for Python: `[^…]` in a .dockerignore is read as Python's fnmatch reads it, so the class holds
# what it should not. And with `**/node_modules` and an exception in a/b/node_modules, all else in that folder is sent:
# of the folders above a file as many are looked at as the pattern has parts, here `a/b`.
# Why it matters: images.build() sends another context than docker does: the wrong files are missing from the image, and
# node_modules, with one exception in it, goes to a remote builder as a whole.
# Upstream says otherwise: docs.docker.com, "dockerignore files": Go's filepath.Match, where `[^a]` is everything but a;
# a pattern that matches a folder excludes what is below it (moby/patternmatcher, MatchesOrParentMatches).
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages docker==7.2.0
mkdir -p "$work/context/a/b/node_modules"
(cd "$work/context" && touch Dockerfile b.txt d.txt a/b/node_modules/keep a/b/node_modules/other)
seen=$(python3 - "$work/context" <<'PY'
import os
import sys

from docker.utils.build import exclude_paths

root = sys.argv[1]
for patterns in ["[^a-c].txt", "a"], ["*.txt", "**/node_modules", "!a/b/node_modules/keep"]:
    sent = exclude_paths(root, patterns)
    print(*sorted(path for path in sent if os.path.isfile(os.path.join(root, path))))
PY
)
as_known "files sent with '[^a-c].txt' and 'a' excluded; with '**/node_modules' excluded but '!a/b/node_modules/keep'" \
  "Dockerfile b.txt; Dockerfile a/b/node_modules/keep" "Dockerfile d.txt
Dockerfile a/b/node_modules/keep a/b/node_modules/other" "$seen"
