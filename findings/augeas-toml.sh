#!/usr/bin/env bash
# augeas-lenses 1.14.0: a TOML file with a quoted key cannot be parsed, nor one whose array ends with a comma or has a
# comment in it. Quoted names of tables can be.
# Why it matters: buildkitd.toml of BuildKit's documentation has `"foo" = "bar"` as the worker's labels, and lists of
# mirrors and addresses are what one comments. Nothing of such a file can be read or changed.
# Upstream says otherwise: toml.io v1.0.0, Keys and Array. hercules-team/augeas pull request 759 (quoted keys) is open,
# issue 753 (the comma) closed.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/augeas.bash"
seen=$(for text in '[registry."docker.io"]\nhttp = true' 'mirrors = [\n"a"\n]' '"foo" = "bar"' 'mirrors = ["a",]' \
  'mirrors = [\n# first\n"a"\n]'; do
  printf '%b\n' "$text" >"$work/root/etc/file"
  echo "$(tree Toml | grep -c '^/files/etc/file/' || true) nodes of ${text//\\n/ }"
done)
as_known "nodes of the tree" "some of each" '3 nodes of [registry."docker.io"] http = true
3 nodes of mirrors = [ "a" ]
0 nodes of "foo" = "bar"
0 nodes of mirrors = ["a",]
0 nodes of mirrors = [ # first "a" ]' "$seen"
