#!/usr/bin/env bash
# docker-registry 2.8.2 (distribution): a list of tags knows no pages: `n` and `last` are ignored, and there is no
# order. All tags come at once, in the order of the storage's folder, while _catalog of the same registry has pages.
# Why it matters: clients that ask for pages until one is short loop or read the first page as everything; "the last
# tag" of the list is any tag.
# Upstream says otherwise: distribution/distribution v2.8.2 docs/spec/api.md, "Listing Image Tags", "Pagination":
# lexical order and a Link header; registry/handlers/tags.go has neither. 3.0 has both.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/registry.bash"
start_registry
put_image app t1 t2 t3 t4
seen=$(curl --silent --include "http://$registry/v2/app/tags/list?n=1&last=t3" |
  env -u LD_LIBRARY_PATH python3 -c 'import json, sys
head, _, body = sys.stdin.read().partition("\r\n\r\n")
print(len(json.loads(body)["tags"]), "tags,", "a" if "\nlink:" in head.lower() else "no", "link")')
as_known "one tag after t3, of t1 to t4" "1 tags, no link" "4 tags, no link" "$seen"
