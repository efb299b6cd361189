"""A registry of a test's own on the lab's registry host, with the certificates that the test wants.

Debian's docker-registry, at harbor.lab.test:PORT; a port for each process of pytest.
"""

from __future__ import annotations

import json

from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make

from tests.hosts.conftest import PAIR
from tests.hosts.lab import on

NAME = "harbor.lab.test"
PORT = 9000 + PAIR
HOST = f"{NAME}:{PORT}"
UNIT = f"own-registry-{PORT}"
FOLDER = f"/var/tmp/{UNIT}"
START = f"""
systemctl stop {UNIT} 2>/dev/null || true
systemd-run --quiet --collect --unit={UNIT} docker-registry serve {FOLDER}/config.yml
for try in $(seq 100); do ss -lnt | grep -q ':{PORT} ' && break; sleep 0.05; done
"""


def authority(name: str) -> Pair:
    """A CA."""
    return make(name, ca=True, sign=True)


def serve(ca: Pair, *, clients: Pair | None = None) -> None:
    """(Re)start the registry with a certificate of *ca*; clients need one of *clients*, if that is given."""
    server = make(NAME, ca=False, issuer=ca, names=(NAME,))
    tls = {"certificate": f"{FOLDER}/server.crt", "key": f"{FOLDER}/server.key"}
    files = {"server.crt": server.pem, "server.key": server.key_pem}
    if clients:
        files["clients.crt"] = clients.pem
    config = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": f"{FOLDER}/storage"}},
        "http": {"addr": f":{PORT}", "tls": tls | ({"clientcas": [f"{FOLDER}/clients.crt"]} if clients else {})},
    }
    for name, content in {**files, "config.yml": json.dumps(config)}.items():
        on("registry", f"mkdir -p {FOLDER}; cat > {FOLDER}/{name}", stdin=content)
    on("registry", START)


def stop() -> None:
    """End it and remove what it stored."""
    on("registry", f"systemctl stop {UNIT} 2>/dev/null || true; rm -rf {FOLDER}")
