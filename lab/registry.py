"""The registry host: an open mirror, a Harbor, another private registry with basic authentication, and DNS."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from lab import certificates, harbor
from lab.command import run
from lab.disk import File
from lab.harbor import Endpoint, Harbor, key_id
from lab.settings import (
    BASIC_NAME,
    BASIC_PORT,
    DOMAIN,
    HARBOR_NAME,
    HARBOR_PORT,
    MIRROR_NAME,
    MIRROR_PORT,
    REGISTRY_PASSWORD,
    ROBOT,
    TOKEN_NAME,
)
from lab.standins.token_service import Settings, hashed
from lab.topology import HOSTS, VMS, Host

CORE = f"core of {HARBOR_NAME} (tokens): stand-in before Debian's docker-registry"  # for `list`

MIRROR_STORAGE = "/var/lib/registry-mirror"
BASIC_STORAGE = "/var/lib/registry-basic"
HARBOR_STORAGE = "/var/lib/registry-harbor"
PASSWORDS = "/etc/lab/htpasswd"

UNIT = """\
[Unit]
Description={description}
After=network.target

[Service]
ExecStart={command}
# Started means answering: whoever waits for this host can use it.
ExecStartPost=/bin/sh -c 'until ss -lnt | grep -q ":{port} "; do sleep 0.05; done'
Restart=on-failure
"""

WANTED = "[Unit]\nWants=lab-dns.service mirror.service basic.service harbor.service\n"
# Empty, so masked: Debian's nginx has nothing to serve, and Docker comes with the base.
MASKED = ("nginx.service", "docker.service", "docker.socket", "containerd.service")


def password() -> str:
    """The robot's password, made once."""
    if not REGISTRY_PASSWORD.exists() or not REGISTRY_PASSWORD.read_text().strip():
        REGISTRY_PASSWORD.touch(mode=0o600)
        REGISTRY_PASSWORD.write_text(secrets.token_urlsafe(18) + "\n")
    return REGISTRY_PASSWORD.read_text().strip()


def configuration(name: str, port: int, storage: str, *, private: bool) -> str:
    """A registry's configuration; JSON is YAML too."""
    content = {
        "version": 0.1,
        "log": {"level": "info", "formatter": "json", "accesslog": {"disabled": True}},  # a line for each request
        "storage": {"filesystem": {"rootdirectory": storage}, "delete": {"enabled": True}},
        "http": {
            "addr": f":{port}",
            "tls": {"certificate": f"/etc/lab/{name}.crt", "key": f"/etc/lab/{name}.key"},
        },
    }
    if private:
        content["auth"] = {"htpasswd": {"realm": name, "path": PASSWORDS}}
    return json.dumps(content, indent=2) + "\n"


def name_server(host: Host) -> str:
    """dnsmasq knows the lab's names, says of every other that it does not exist, and asks nobody."""
    records = [f"host-record={other.name}.{DOMAIN},{other.name},{other.address}" for other in (*HOSTS, *VMS)]
    records += [f"host-record={name},{host.address}" for name in (MIRROR_NAME, BASIC_NAME, HARBOR_NAME, TOKEN_NAME)]
    fixed = ["no-resolv", "no-hosts", "no-daemon", "cache-size=0", "user=root", "local=/#/"]
    return "\n".join([*fixed, f"listen-address={host.address}", "bind-dynamic", *records]) + "\n"


def files(host: Host, base: Path) -> list[File]:
    """What to plant in the registry host before its first boot."""
    certificates.ensure_ca()
    htpasswd = run(["chroot", str(base), "htpasswd", "-niB", ROBOT], stdin=password())
    planted = [
        File(PASSWORDS, htpasswd.strip() + "\n", mode=0o600),
        File("/etc/lab/dnsmasq.conf", name_server(host)),
        _service("lab-dns", "The lab's names", 53, "/usr/sbin/dnsmasq --conf-file=/etc/lab/dnsmasq.conf"),
        # Planted, so without `systemctl enable`: the target itself asks for them.
        File("/etc/systemd/system/multi-user.target.d/lab.conf", WANTED),
        *(File(f"/etc/systemd/system/{unit}", "") for unit in MASKED),
        *harbor.files(our_harbor(host)),
    ]
    registries = ((MIRROR_NAME, MIRROR_PORT, MIRROR_STORAGE), (BASIC_NAME, BASIC_PORT, BASIC_STORAGE))
    for name, port, storage in registries:
        certificate = certificates.ensure_server(name, host.address)
        private = name == BASIC_NAME
        command = f"/usr/bin/docker-registry serve /etc/lab/{name}.yml"
        planted += [
            File(f"/etc/lab/{name}.crt", certificate.read_text()),
            File(f"/etc/lab/{name}.key", certificate.with_suffix(".key").read_text(), mode=0o600),
            File(f"/etc/lab/{name}.yml", configuration(name, port, storage, private=private)),
            _service(name.split(".")[0], f"Registry {name}:{port}", port, command),
        ]
    return planted


def our_harbor(host: Host) -> Harbor:
    """What answers at harbor.lab.test."""
    certificate, signer = certificates.ensure_server(HARBOR_NAME, host.address), certificates.ensure_signer(HARBOR_NAME)
    settings = Settings({ROBOT: hashed(password())}, key_id(signer.read_text()))
    registry, tokens = _endpoint(HARBOR_NAME, HARBOR_PORT, certificate), _endpoint("tokens", 0, signer)
    return Harbor("harbor", "/etc/lab/harbor", HARBOR_STORAGE, registry, tokens, settings)


def _endpoint(name: str, port: int, certificate: Path) -> Endpoint:
    return Endpoint(name, port, certificate.read_text(), certificate.with_suffix(".key").read_text())


def _service(name: str, description: str, port: int, command: str) -> File:
    unit = UNIT.format(description=description, port=port, command=command)
    return File(f"/etc/systemd/system/{name}.service", unit)
