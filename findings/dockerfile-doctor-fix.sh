#!/usr/bin/env bash
# dockerfile-doctor 0.1.5 (PyPI): of `RUN <<EOF` with apt-get in it, --fix makes `RUN <<EOF \` and `&& rm -rf …` on the
# next line, which is the heredoc's first one then, so the script begins with `&&`. And STOPSIGNAL SIGRTMIN+3 becomes
# SIGTERM, as an invalid one.
# Why it matters: both are in images that are built for many platforms: the file no longer builds, or a container with
# systemd in it no longer stops, but is killed after ten seconds.
# Upstream says otherwise: its --help: --fix is for safe issues, risky changes take another option; moby/buildkit
# frontend/dockerfile/docs/reference.md has heredocs, signal(7) and moby/sys signal RTMIN+1 to +15.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages dockerfile-doctor==0.1.5
printf '%s\n' 'FROM debian:12' 'RUN <<EOF' 'apt-get update' 'apt-get install -y --no-install-recommends git' EOF \
  'STOPSIGNAL SIGRTMIN+3' >"$work/Dockerfile"
cp "$work/Dockerfile" "$work/before"
dockerfile-doctor --fix "$work/Dockerfile" >"$work/log" || [ $? = 1 ] || cannot "$(tail -n 1 "$work/log")"
seen=$(diff "$work/before" "$work/Dockerfile" | grep '^[<>]' || true)
as_known "what --fix changes" nothing '< RUN <<EOF
> RUN <<EOF \
>     && rm -rf /var/lib/apt/lists/*
< STOPSIGNAL SIGRTMIN+3
> STOPSIGNAL SIGTERM' "$seen"
