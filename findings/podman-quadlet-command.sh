#!/usr/bin/env bash
# containers.podman 1.18.0 (ansible 12.3.0), podman_container: with `state: quadlet` the words of `command` are joined
# by blanks, without quotes: [sh, -c, "sleep 1; date"] is `Exec=sh -c sleep 1; date`, which runs sleep without a time.
# So are annotations, and what goes to PodmanArgs, as `env_merge`. Labels and variables are quoted.
# Why it matters: the same task with `state: started` runs the command as it is written. Builders and registries that
# are made services by the change of that one word do something else, or do not start.
# Upstream says otherwise: podman-systemd.unit(5): the format and syntax of Exec is that of systemd.service(5), where a
# blank ends a word; the module's documentation: command is a list or text, state=quadlet writes "a quadlet file with
# the specified configuration".
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections containers.podman
# stands for podman, which is asked for its version and for the container, which is not there
printf '%s\n' '#!/bin/sh' '[ "$1" = --version ] && echo podman version 5.4.2' >"$work/podman"
chmod +x "$work/podman"
module containers.podman.podman_container "{\"name\": \"builder\", \"image\": \"registry.example/builder:1\",
  \"executable\": \"$work/podman\", \"state\": \"quadlet\", \"quadlet_dir\": \"$work\",
  \"command\": [\"sh\", \"-c\", \"sleep 1; date\"], \"annotation\": {\"note\": \"a b\"}, \"label\": {\"note\": \"a b\"},
  \"env_merge\": {\"NOTE\": \"a b\"}}" >"$work/said"
as_known "command, annotation, label and env_merge" "each value in quotes" "Annotation=note=a b
Exec=sh -c sleep 1; date
Label='note=a b'
PodmanArgs=--env NOTE=a b" "$(grep -E '^(Annotation|Exec|Label|PodmanArgs)=' "$work/builder.container" | sort)"
