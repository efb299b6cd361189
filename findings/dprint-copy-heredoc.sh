#!/usr/bin/env bash
# @dprint/dockerfile 0.6.0 (npm, for dprint): `COPY <<robots.txt /x` is no heredoc to it, for the dot. It formats
# the file's lines as instructions: indentation goes, a blank comes after the first word, of the end mark too
# (`robots .txt`), so that BuildKit does not find the end.
# Why it matters: the Dockerfile that was formatted does not build; in YAML or Python the lost indentation would be
# another content.
# Upstream says otherwise: moby/buildkit frontend/dockerfile/parser/parser.go takes any word without `<` after `<<`, and
# parser_heredoc_test.go beside it has `COPY <<file.txt /dest`. dprint issue 1083, heredocs in RUN, is closed.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages @dprint/dockerfile@0.6.0 @dprint/formatter@0.6.0
cat >"$work/node/format.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { getPath } from "@dprint/dockerfile";
import { createFromBuffer } from "@dprint/formatter";
const formatter = createFromBuffer(readFileSync(getPath()));
formatter.setConfig({}, {});
for (const name of ["EOF", "robots.txt"]) {
  const text = `FROM alpine\nCOPY <<${name} /x\nDisallow:\n  /private\n${name}\n`;
  const formatted = formatter.formatText({ filePath: "Dockerfile", fileText: text });
  console.log(formatted === text ? "as it was" : JSON.stringify(formatted.split("\n").slice(2)));
}
JS
seen=$(node "$work/node/format.mjs" | paste -sd '|')
as_known "a file below COPY <<EOF, below COPY <<robots.txt" "as it was|as it was" \
  'as it was|["Disallow :","/private","robots .txt",""]' "$seen"
