#!/usr/bin/env bash
# quadlet-compose 0.3.0 (PyPI): an image of `harbor:8443` gets another registry in front, since only a dot makes a host.
# Which one it reads from registries.conf, where a line that is commented out counts as well: in the file that Debian's
# golang-github-containers-common installs it is an example, so `registry:3` is `example.com/library/registry:3`.
# Why it matters: the quadlet pulls from a stranger's host, or never starts, with the file that the package installed
# and a compose file that works with Docker.
# Upstream says otherwise: containers-registries.conf(5): the file is TOML, which has comments; distribution/reference
# takes what is before the first slash for a host if it has a dot or a colon, or is localhost.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages quadlet-compose==0.3.0
export HOME=$work/home
mkdir -p "$HOME/.config/containers"
image() {
  printf 'services: {app: {image: "%s"}}\n' "$1" >"$work/compose.yaml"
  (cd "$work" && COLUMNS=200 quadlet-compose --file compose.yaml convert) | sed -n 's/^Image=//p'
}
seen=$(for line in 'unqualified-search-registries = ["docker.io"]' \
  '# unqualified-search-registries = ["example.com"]'; do
  echo "$line" >"$HOME/.config/containers/registries.conf"
  echo "$(image registry:3) $(image harbor:8443/team/app:1)"
done)
as_known "registry:3 and harbor:8443/team/app:1, with docker.io to search, and with a comment" \
  "twice docker.io/library/registry:3 harbor:8443/team/app:1" \
  "docker.io/library/registry:3 docker.io/harbor:8443/team/app:1
example.com/library/registry:3 example.com/harbor:8443/team/app:1" "$seen"
