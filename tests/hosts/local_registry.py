"""A registry on the very host that a test is about, with TLS: Debian's docker-registry, installed there."""

from __future__ import annotations

import json

from tests.hosts.lab import on

INSTALL = """
command -v docker-registry >/dev/null && exit
apt-get -qq update; apt-get -qq install --no-install-recommends --yes docker-registry >/dev/null 2>&1
systemctl disable --now docker-registry 2>/dev/null
"""
START = """
systemctl stop {unit} 2>/dev/null || true
systemd-run --quiet --collect --unit={unit} docker-registry serve {folder}/config.yml
for try in $(seq 100); do ss -lnt | grep -q ':{port} ' && break; sleep 0.05; done
"""


def serve(host: str, port: int, certificate: str, key: str) -> None:
    """(Re)start the registry at *port* of all of the host's addresses; *certificate* (a chain) and *key* are PEM."""
    folder = f"/var/tmp/registry-{port}"
    config = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": f"{folder}/storage"}},
        "http": {"addr": f":{port}", "tls": {"certificate": f"{folder}/server.crt", "key": f"{folder}/server.key"}},
    }
    on(host, INSTALL)
    for name, content in {"server.crt": certificate, "server.key": key, "config.yml": json.dumps(config)}.items():
        on(host, f"mkdir -p {folder}; cat > {folder}/{name}", stdin=content)
    on(host, START.format(unit=f"registry-{port}", folder=folder, port=port))
