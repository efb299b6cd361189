#!/usr/bin/env bash
# docker 7.2.0, the SDK for Python: contexts are looked for beside config.json. Where that file is missing they are
# looked for in the current folder, so DOCKER_CONTEXT names none, and the local daemon is used, without an error; so it
# is with a name that is misspelt. docker.context.ContextAPI.create_context() then writes into the current folder.
# Why it matters: `docker context create` writes no config.json. On a fresh CI machine a job for a remote builder runs
# on the machine itself, perhaps with another processor.
# Upstream says otherwise: docker/cli cli/context/store keeps contexts in DOCKER_CONFIG/contexts, and an unknown one is
# an error (context not found). The docstring of kwargs_from_context says that it mirrors the CLI. Pull request 3404 to
# docker/docker-py, for the missing file, is open.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages docker==7.2.0
meta=$work/config/contexts/meta/$(printf builder | sha256sum | cut -d ' ' -f 1)
mkdir -p "$meta" "$work/here"
echo '{"Name": "builder", "Metadata": {}, "Endpoints": {"docker": {"Host": "tcp://builder:2375"}}}' >"$meta/meta.json"
ask() {
  (cd "$work/here" && env -u DOCKER_HOST HOME="$work/here" DOCKER_CONFIG="$work/config" DOCKER_CONTEXT=builder \
    python3 -c 'import docker; print(docker.from_env(version="1.44").api.base_url)')
}
seen=$(ask; echo '{}' >"$work/config/config.json"; ask)
as_known "DOCKER_CONTEXT=builder, of tcp://builder:2375, without and with a config.json of {}" \
  "http://builder:2375, twice" "http+docker://localhost
http://builder:2375" "$seen"
