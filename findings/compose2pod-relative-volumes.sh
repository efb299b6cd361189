#!/usr/bin/env bash
# compose2pod 0.7.2 (PyPI): the volume `./certs:/etc/certs` of a compose file becomes `-v certs:/etc/certs`, which is a
# volume called certs and not the folder, with --project-dir missing or `.`. `../shared` stays as it is, so the folder
# counts in which the script runs.
# Why it matters: the script is for CI, where Docker isn't. A registry or builder starts with an empty volume in place
# of its certificates and configuration, which Podman makes without a word.
# Upstream says otherwise: its README: relative volume sources resolve against --project-dir (default `.`);
# podman-run(1): a source that isn't a path is a volume's name; compose-spec/compose-spec 05-services.md, volumes.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages compose2pod==0.7.2 PyYAML==6.0.4
cat >"$work/compose.yaml" <<'YML'
services:
  app:
    image: registry:3
    volumes: ["./certs:/etc/certs:ro", "../shared:/shared", "cache:/cache"]
volumes: {cache: {}}
YML
volumes() {
  compose2pod --target app --image ci "$@" "$work/compose.yaml" 2>/dev/null |
    grep -oE -e '-v "[a-z./][^"]*' | cut -d '"' -f 2 | paste -sd ' '
}
seen=$(cd "$work" && volumes && volumes --project-dir . && volumes --project-dir /ci)
as_known "volumes without --project-dir, with . and with /ci" \
  "twice ./certs:/etc/certs:ro ../shared:/shared cache:/cache, then in /ci" \
  "certs:/etc/certs:ro ../shared:/shared cache:/cache
certs:/etc/certs:ro ../shared:/shared cache:/cache
/ci/certs:/etc/certs:ro /ci/../shared:/shared cache:/cache" "$seen"
