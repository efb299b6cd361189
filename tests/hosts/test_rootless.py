"""A rootless dockerd trusts what the table says: it is one of its user's, and runs all the while."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

from tests.hosts.lab import Run, on, playbook

CERTS_D = "/home/ci/.config/docker/certs.d/harbor.lab.test"
UNIT = "/home/ci/.config/systemd/user/docker.service"
SOCKET = "unix:///run/rootless/docker.sock"
CLIENT = make("client", ca=False)

# dockerd 26.1 as dockerd-rootless.sh starts it, less rootlesskit, which the lab's hosts do not have: a user namespace
# in which ci is root, and no network of its own.
START = f"""
install -D -o ci -g ci /dev/null {UNIT}
chown -R ci:ci ~ci/.config
install -m 755 /dev/null /usr/local/bin/rootlesskit-docker-proxy
cat > /run/rootless.sh <<'END'
mount -t tmpfs docker /run/docker
exec dockerd --rootless --group=root --host={SOCKET} --data-root=/home/ci/rootless --storage-driver=vfs \
  --exec-root=/run/rootless/exec --pidfile=/run/rootless/pid --bridge=none --iptables=false --ip6tables=false \
  --ip-forward=false
END
systemd-run --quiet --unit=rootless --uid=ci --property=RuntimeDirectory=rootless --setenv=HOME=/home/ci \
  --setenv=XDG_RUNTIME_DIR=/run/rootless --setenv=ROOTLESSKIT_STATE_DIR=/run/rootless/kit \
  unshare --user --map-root-user --mount sh -e /run/rootless.sh
until docker --host {SOCKET} version >/dev/null 2>&1; do systemctl --quiet is-active rootless; sleep 0.1; done
"""


def trust(host: str, **variables: Any) -> Run:
    run = playbook("provision-builders", limit=host, variables={"builder_concerns": ["trust"], **variables})
    assert run.status == 0, run.output
    return run


def pull(host: str) -> str:
    return on(host, f"runuser -u ci -- docker --host {SOCKET} pull harbor.lab.test/none/none:1 2>&1 || true")


def test_a_rootless_docker_gets_the_same_files_as_its_users_own_and_loses_them_again(spare: str) -> None:
    on(spare, START)
    assert "x509: certificate signed by unknown authority" in pull(spare)
    process = on(spare, "systemctl show --property=MainPID rootless")

    pair = {"client_cert": CLIENT.pem, "client_key": CLIENT.key_pem}
    password = "{{ lookup('ansible.builtin.file', lab_state + '/registry-password') }}"
    harbor = {"host": "harbor.lab.test", "ca": "{{ lab_state }}/pki/ca.crt", "username": "robot$ci", **pair}
    table = {"builder_registries": [{**harbor, "password": password}]}
    trust(spare, **table)
    assert "manifest unknown" in pull(spare)
    assert on(spare, "systemctl show --property=MainPID rootless") == process
    files = on(spare, f"cd {CERTS_D}; stat --format '%n %a %U:%G' *; stat --format '%a %U:%G' ..")
    assert files.splitlines() == ["ca.crt 644 ci:ci", "client.cert 644 ci:ci", "client.key 600 ci:ci", "700 ci:ci"]
    on(spare, f"diff -r {CERTS_D} /etc/docker/certs.d/harbor.lab.test")
    assert trust(spare, **table).recap(spare)["changed"] == 0

    on(spare, f"rm {UNIT}")
    run = trust(spare, **table)
    assert run.says(f"remove {CERTS_D}/client.key, no longer wanted for a rootless Docker")
    on(spare, "test ! -e ~ci/.config/docker/certs.d")
    assert on(spare, "ls /etc/docker/certs.d/harbor.lab.test").split() == ["ca.crt", "client.cert", "client.key"]
    memory = json.loads(on(spare, "cat /var/lib/multiarch-builders/trust.json"))
    assert (memory.get("owners", {}), [path for path in memory["files"] if path.startswith("/home")]) == ({}, [])
    assert trust(spare, **table).recap(spare)["changed"] == 0
