#!/usr/bin/env bash
# community.general 11.4.2 (ansible 12.3.0), listen_ports_facts with ss: a port without a process that ss may see is
# left out: all ports of others where the play is not root, and the kernel's own (NFS, WireGuard) where it is. With
# netstat they are there, without name and pid.
# Why it matters: a play without become asks whether the registry or buildkitd listens, and starts it again, or gives
# its port away. Debian 12 has ss and no netstat.
# Upstream says otherwise: the module's documentation has name and pid "returned: if user permissions allow", not the
# port; the comments of its code have an empty name for ss as well.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections community.general
# The module's two readers, asked directly: what the whole says depends on the host's ports and on who runs this.
seen=$(PYTHONPATH=$work/collections python3 - <<'PY'
from ansible_collections.community.general.plugins.modules.listen_ports_facts import netStatParse, ss_parse

SS = """Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
tcp   LISTEN 0      4096         0.0.0.0:5000      0.0.0.0:*    {}
tcp   LISTEN 0      128        127.0.0.1:8080      0.0.0.0:*    users:(("python3",pid=42,fd=3))
"""
NETSTAT = """Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 0.0.0.0:5000            0.0.0.0:*               LISTEN      -
tcp        0      0 127.0.0.1:8080          0.0.0.0:*               LISTEN      42/python3
"""
for found in (ss_parse(SS.format('users:(("registry",pid=7,fd=3))')), ss_parse(SS.format("")), netStatParse(NETSTAT)):
    print(*(each["port"] for each in found), sep="+", end=" ")
PY
)
as_known "ports: of ss as root, of ss and of netstat without" "5000+8080 5000+8080 5000+8080" \
  "5000+8080 8080 5000+8080" "${seen% }"
