#!/usr/bin/env bash
# composerize 1.7.6 (npm): `readonly` of docker run's --mount is dropped, so a read-only mount becomes writable. With
# -v and `:ro` it is kept. The size of a tmpfs is kept under a key that Compose does not know, `tmpfs-size`.
# Why it matters: hosts' trust stores and docker.sock's neighbours are mounted read-only into job containers; the
# Compose file made from that command lets jobs write them.
# Upstream says otherwise: docker/cli docs/reference/commandline/container_run.md, "--mount"; compose-spec
# 05-services.md, volumes, long syntax: `read_only`.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages composerize@1.7.6
# shellcheck disable=SC2016 # for JavaScript to expand
seen=$(cd "$work/node" && node -e '
  const composerize = require("composerize");
  const convert = composerize.default || composerize;
  const readOnly = (option) => /:ro\b|read_?only/.test(convert(`docker run ${option} debian:12`));
  const kept = (option) => readOnly(option) ? "read-only" : "writable";
  console.log(kept("-v /srv/ca:/ca:ro"), kept("--mount type=bind,source=/srv/ca,target=/ca,readonly"));')
as_known "a read-only volume, by -v and by --mount" "read-only read-only" "read-only writable" "$seen"
