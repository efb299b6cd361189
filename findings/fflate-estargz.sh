#!/usr/bin/env bash
# fflate 0.8.3 (npm): of an eStargz layer gunzipSync makes nothing at all, without an error: it allocates what the last
# gzip member says, and that is an empty one, the footer. Of other layers of several members the first is left, cut to
# the length of the last. Its streaming Gunzip reads all.
# Why it matters: tools that look into images, in Node.js or the browser, see empty layers as soon as somebody builds
# with `compression=estargz`.
# Upstream says otherwise: RFC 1952 2.2: a file is a series of members. Version 0.8.0's changelog has multi-member
# support, for streaming; its pull request 287, for gunzipSync, is open. pako 3.0.3 and Node.js's zlib read all.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages fflate@0.8.3 pako@3.0.3
cat >"$work/node/ask.mjs" <<'JS'
import zlib from "node:zlib";
import { Gunzip, gunzipSync } from "fflate";
import { ungzip } from "pako";
// A member for each file, then eStargz's footer: a member without data
const layer = (...files) => Buffer.concat(files.map((text) => zlib.gzipSync(text)));
const text = (bytes) => JSON.stringify(Buffer.from(bytes).toString());
for (const bytes of [layer("usr/bin/a ", "usr/bin/b ", ""), layer("usr/bin/a ", "etc")]) {
  const parts = [];
  new Gunzip((part) => parts.push(part)).push(bytes, true);
  console.log(text(zlib.gunzipSync(bytes)), text(ungzip(bytes)), text(Buffer.concat(parts)), text(gunzipSync(bytes)));
}
JS
seen=$(cd "$work/node" && node ask.mjs)
as_known "a layer with a footer, one without: zlib, pako, fflate's Gunzip, its gunzipSync" "the same four times" \
  '"usr/bin/a usr/bin/b " "usr/bin/a usr/bin/b " "usr/bin/a usr/bin/b " ""
"usr/bin/a etc" "usr/bin/a etc" "usr/bin/a etc" "usr"' "$seen"
