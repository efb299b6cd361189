#!/usr/bin/env bash
# quadlet-compose 0.3.0 (PyPI): a command that is a list becomes one `Exec=` for each word, of which Podman takes the
# last; a port in the long form becomes the text of a Python object; `ulimits` has both limits in two words; numbers get
# `.0`, in build arguments, variables and sysctls too. None is warned of.
# Why it matters: it is offered in place of `docker compose`. A registry or builder that is moved to a quadlet starts
# another program, with build arguments such as `LEVEL=3.0`, or its unit isn't made.
# Upstream says otherwise: its docs/Field-Compatibility.md has command, ports, ulimits and sysctls as supported;
# podman-systemd.unit(5): Exec= has the whole command, PublishPort= and Ulimit= what `podman run` takes.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages quadlet-compose==0.3.0
cat >"$work/compose.yaml" <<'YML'
name: ci
services:
  registry:
    image: registry:3
    command: [serve, /etc/registry.yml]
    ports: [{target: 5000, published: "5000"}]
    environment: {LEVEL: 3}
    sysctls: {net.core.somaxconn: 1024}
    ulimits: {nofile: {soft: 1024, hard: 4096}}
YML
seen=$(cd "$work" && COLUMNS=200 quadlet-compose --file compose.yaml convert |
  grep -E '^(Exec|PublishPort|Environment|Sysctl|Ulimit)=')
as_known "lines of the quadlet" "Exec=serve /etc/registry.yml, PublishPort=5000:5000, LEVEL=3, somaxconn=1024, \
nofile=1024:4096" "Environment=LEVEL=3.0
Sysctl=net.core.somaxconn=1024.0
Ulimit=nofile=hard=4096 soft=1024
Exec=serve
Exec=/etc/registry.yml
PublishPort=name=None mode=None host_ip=None target=5000 published='5000' protocol=None app_protocol=None" "$seen"
