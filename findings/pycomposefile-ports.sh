#!/usr/bin/env bash
# pycomposefile 0.0.34: of the short forms of ports in a compose file `127.0.0.1:5000:5000/tcp` has the protocol `/tcp`,
# `8080-8090:80-90` publishes nothing and has the target 8080, and of `[::1]:5000:5000` the target is 1.
# Why it matters: the Azure CLI's extension containerapp reads compose files with it. A registry or a builder gets
# another port, or none.
# Upstream says otherwise: compose-spec/compose-spec 05-services.md, ports, short syntax:
# [HOST:]CONTAINER[/PROTOCOL], with ranges and an address, IPv6 in brackets.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages pycomposefile==0.0.34
seen=$(python3 - <<'PY'
from pycomposefile import ComposeFile

ports = ["127.0.0.1:5000:5000/tcp", "8080-8090:80-90", "[::1]:5000:5000"]
for port in ComposeFile({"services": {"app": {"image": "app", "ports": ports}}}).services["app"].ports:
    print(port.host_ip, port.published, port.target, port.protocol)
PY
)
as_known "address, published, target, protocol of 127.0.0.1:5000:5000/tcp, 8080-8090:80-90, [::1]:5000:5000" \
  "127.0.0.1 5000 5000 tcp, None 8080-8090 80-90 tcp, ::1 5000 5000 tcp" "127.0.0.1 5000 5000 /tcp
None None 8080 tcp
None None 1 tcp" "$seen"
