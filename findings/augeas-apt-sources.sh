#!/usr/bin/env bash
# augeas-lenses 1.14.0: a list of apt's with `signed-by`, or with two architectures, cannot be parsed: the whole file is
# not in the tree. It takes `arch` and `trusted`, each with one value.
# Why it matters: it's the line in Docker's installation guide, with `[arch=amd64 signed-by=…]`. Puppet and other tools
# on Augeas can neither read nor change it, nor the list of a host with a second architecture.
# Upstream says otherwise: sources.list(5): options are a list of settings, their values separated by commas; signed-by
# is one of them. hercules-team/augeas pull request 865 (all options) is open.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/augeas.bash"
seen=$(for options in arch=amd64 arch=amd64,arm64 'arch=amd64 signed-by=/etc/apt/keyrings/docker.asc'; do
  echo "deb [$options] https://apt.example/debian bookworm stable" >"$work/root/etc/file"
  echo "$(tree Aptsources | grep -c 'distribution = "bookworm"' || true) of [$options]"
done)
as_known "lines that are read" "1 of each" "1 of [arch=amd64]
0 of [arch=amd64,arm64]
0 of [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc]" "$seen"
