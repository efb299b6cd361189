#!/usr/bin/env bash
# zstd-codec 0.1.5 (npm): Simple.decompress gives null for a layer of several frames, for one that begins with a
# skippable frame, and for one without its length in the header, as a stream writes it. Its Streaming reads all of them.
# Why it matters: layers with `compression=zstd` are written as streams, those of podman's zstd:chunked have a frame for
# each file and skippable ones. To tools for Node.js and the browser they look empty or damaged.
# Upstream says otherwise: RFC 8878 3: data are one or more frames, skippable ones among them, and the content size is
# optional. fzstd 0.1.1 and zstddec 0.3.4 read them. Its issue 223, about streams, is open.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages zstd-codec@0.1.5 fzstd@0.1.1
cat >"$work/node/ask.js" <<'JS'
const { decompress } = require("fzstd");
const { ZstdCodec } = require("zstd-codec");
const text = (bytes) => bytes && Buffer.from(bytes).toString();
ZstdCodec.run((codec) => {
  const simple = new codec.Simple();
  const frame = (data) => Buffer.from(simple.compress(Buffer.from(data), 3));
  const skippable = Buffer.from("502a4d18040000006d657461", "hex");
  const stream = Buffer.from("28b52ffd00582900006c61796572", "hex"); // "layer", its length not in the header
  for (const bytes of [
    frame("layer"),
    Buffer.concat([frame("lay"), frame("er")]),
    Buffer.concat([skippable, frame("layer")]),
    stream,
  ]) {
    console.log(text(decompress(bytes)), text(new codec.Streaming().decompress(bytes)), text(simple.decompress(bytes)));
  }
});
JS
seen=$(cd "$work/node" && node ask.js)
as_known "one frame, two, skippable and one, a stream: fzstd, Streaming, Simple" "layer, twelve times" \
  "layer layer layer
layer layer null
layer layer null
layer layer null" "$seen"
