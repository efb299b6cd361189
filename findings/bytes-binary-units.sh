#!/usr/bin/env bash
# bytes 3.1.2 (npm): the units that Docker and BuildKit write are read as if they were no units: 10GiB is 10 bytes. So
# is `10g`, as docker's own flags have it. `10GB` is read as 10 * 2^30, and nothing is ever refused.
# Why it matters: cache limits (`reservedSpace = "10GiB"`) and memory limits compared or summed with it are off by
# 2^30.
# Upstream says otherwise: the README of visionmedia/bytes.js, "Return null upon error"; docker/go-units size.go takes
# g, gb and gib alike.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages bytes@3.1.2
seen=$(cd "$work/node" && node -p '["10GB", "10GiB", "10g"].map(require("bytes").parse).join(" ")')
as_known "10GB, 10GiB, 10g" "10737418240, and the same or null for the others" "10737418240 10 10" "$seen"
