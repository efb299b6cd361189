#!/usr/bin/env bash
# container-info 1.1.0 (npm): a process one level below its container's cgroup is in no container: what docker:dind and
# systemd start (`docker-ID.scope/init`), each step of a build (`docker/ID/buildkit/STEP`), all of podman's
# (`libpod-ID.scope/container`).
# Why it matters: traces and metrics are put together by container. Those of builders and of their builds are not.
# Upstream says otherwise: it is to "get container information from a cgroup file". cgroups(7): a process may be in any
# group below the one that was delegated, as the container's runtime does for nested daemons since cgroup v2.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages container-info@1.1.0
cat >"$work/node/parse.js" <<'JS'
const { parse } = require("container-info");
const id = "7f".repeat(32);
for (const group of process.argv.slice(2)) {
  const found = parse(`0::${group.replace("ID", id)}\n`).containerId;
  console.log(found === id ? "ID" : String(found));
}
JS
seen=$(node "$work/node/parse.js" /system.slice/docker-ID.scope /docker/ID /system.slice/docker-ID.scope/init \
  /docker/ID/buildkit/q8 /machine.slice/libpod-ID.scope/container | paste -sd ' ')
as_known "the container of: docker with systemd and without; dind, a step of a build, podman" "ID ID ID ID ID" \
  "ID ID undefined undefined undefined" "$seen"
