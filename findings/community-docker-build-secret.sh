#!/usr/bin/env bash
# community.docker 4.8.5 (ansible 12.3.0), docker_image_build: a secret of the type `env` is always that of the variable
# None: `--secret id=token,type=env,env=None`, whatever `secrets[].env` says. A file's path with a comma is not quoted,
# though paths of outputs are.
# Why it matters: the build does not get the secret and fails far from the cause. There is no way around it: `src`,
# whose value is taken, cannot be given beside `env`.
# Upstream says otherwise: the module's documentation: "The environment variable must be named in secrets[].env".
# docker/buildx util/buildflags/secrets.go reads the option as a CSV line.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections community.docker
# stands for docker and buildx: says who it is, and keeps what it is called with
cat >"$work/docker" <<SH
#!/bin/sh
case "\$*" in
*buildx*) printf '%s\n' "\$@" >"$work/called" ;;
*image*) ;;
*) echo '{"Server": {"ApiVersion": "1.48"}, "ClientInfo": {"Plugins": [{"Name": "buildx", "Version": "v0.26.1"}]}}' ;;
esac
SH
chmod +x "$work/docker"
mkdir "$work/context"
echo 'FROM scratch' >"$work/context/Dockerfile"
module community.docker.docker_image_build "{\"name\": \"app\", \"path\": \"$work/context\",
  \"docker_cli\": \"$work/docker\", \"secrets\": [{\"id\": \"token\", \"type\": \"env\", \"env\": \"TOKEN\"},
  {\"id\": \"key\", \"type\": \"file\", \"src\": \"/etc/a,b.key\"}]}" >"$work/said"
as_known "the secrets that buildx is called with" 'id=token,type=env,env=TOKEN id=key,type=file,"src=/etc/a,b.key"' \
  'id=token,type=env,env=None id=key,type=file,src=/etc/a,b.key' "$(grep '^id=' "$work/called" | paste -sd ' ')"
