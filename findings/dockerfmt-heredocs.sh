#!/usr/bin/env bash
# @reteps/dockerfmt 0.5.4 (npm): of an instruction with two heredocs the formatter keeps the first; the text of the
# second and its end mark are gone. What `RUN cat <<EOF` has as data is formatted as a shell script.
# Why it matters: editors and hooks run it on each save. The Dockerfile no longer builds (unterminated heredoc), or it
# writes another file into the image. prettier-plugin-sh 0.20.0 formats Dockerfiles with it, too.
# Upstream says otherwise: moby/buildkit frontend/dockerfile/docs/reference.md, "Here-Documents", has a RUN with two.
# reteps/dockerfmt's issue 19, heredocs that were lost, is closed.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages @reteps/dockerfmt@0.5.4
cat >"$work/node/ask.mjs" <<'JS'
import { formatDockerfileContents } from "@reteps/dockerfmt";
const options = { indent: 4, trailingNewline: true, spaceRedirects: false };
for (const instruction of [
  "RUN cat <<A >/etc/a && cat <<B >/etc/b\none\nA\ntwo\nB",
  "RUN cat <<EOF >/motd\nHello,   world\nEOF",
]) {
  const text = await formatDockerfileContents(`FROM alpine:3\n${instruction}\nUSER 1000\n`, options);
  console.log(text.trim().split("\n").slice(1, -1).join(" / "));
}
JS
seen=$(cd "$work/node" && node ask.mjs)
as_known "RUN with two heredocs; with three blanks in its data" \
  "RUN cat <<A >/etc/a && cat <<B >/etc/b / one / A / two / B; the three blanks" \
  "RUN cat <<A >/etc/a && cat <<B >/etc/b / one / A
RUN cat <<EOF >/motd / Hello, world / EOF" "$seen"
