"""A registry of a test's own on the lab's registry host, with the certificates and the authentication that it wants.

At harbor.lab.test:PORT; a port for each process of pytest. Without a Token it is Debian's docker-registry, open to
everybody; with one it is all that the lab's Harbor is (lab/harbor.py), with LOGIN as its one user.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make
from cryptography.x509.oid import NameOID

from lab import certificates, harbor
from lab.disk import File
from lab.harbor import Endpoint, Harbor
from lab.settings import HARBOR_NAME, TOKEN_NAME
from lab.standins.token_service import Faults, Settings, hashed, settings_of
from tests.hosts.conftest import PAIR
from tests.hosts.lab import on

NAME = HARBOR_NAME
PORT = 9000 + PAIR
HOST = f"{NAME}:{PORT}"
TOKEN_PORT = 9100 + PAIR
TOKEN_HOST = f"{TOKEN_NAME}:{TOKEN_PORT}"  # where the token endpoint is, if it has a CA of its own
NOBODY = f"https://{TOKEN_NAME}:{9200 + PAIR}/service/token"  # for Faults(realm=…): the connection is refused
LOGIN = {"username": "robot$own", "password": secrets.token_urlsafe(18)}
UNIT = f"own-registry-{PORT}"
TOKEN_UNIT = f"own-harbor-{PORT}"
FOLDER = f"/var/tmp/{UNIT}"
UNITS = "/run/systemd/system"
# The parts of the Harbor by name: those that stop with it are not waited for, and one whose unit file is gone before it
# has stopped leaves its socket behind.
STOP = f"""
systemctl stop {UNIT} {TOKEN_UNIT} {TOKEN_UNIT}-core {TOKEN_UNIT}-registry 2>/dev/null || true
rm -f {UNITS}/{TOKEN_UNIT}*.service {FOLDER}/core-down
systemctl daemon-reload
"""
PLAIN = f"""
systemd-run --quiet --collect --unit={UNIT} docker-registry serve {FOLDER}/config.yml
for try in $(seq 100); do ss -lnt | grep -q ':{PORT} ' && break; sleep 0.05; done
"""
WITH_TOKENS = f"systemctl daemon-reload; systemctl start {TOKEN_UNIT}"
# [[path, content, mode], …] as JSON; each file is there as a whole, and never readable by more than its mode says.
WRITE = """python3 -c '
import json, os, sys
for path, content, mode in json.load(sys.stdin):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(content)
    os.replace(path + ".new", path)
'"""


@dataclass(frozen=True)
class Token:
    """Token authentication. With a CA the token endpoint is at TOKEN_HOST, with a certificate of that CA; else where
    the registry is."""

    ca: Pair | None = None
    faults: Faults = field(default_factory=Faults)


def authority(name: str) -> Pair:
    """A CA."""
    return make(name, ca=True, sign=True)


def renewed(ca: Pair) -> Pair:
    """The same CA, renewed with its key, for longer."""
    name = ca.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    return make(str(name), ca=True, sign=True, end=7300, key=ca.key)


def serve(ca: Pair, *, clients: Pair | None = None, token: Token | None = None) -> None:
    """(Re)start the registry with a certificate of *ca*; clients need one of *clients*, if that is given.

    What was pushed stays, until `stop`.
    """
    endpoint = _endpoint(NAME, PORT, ca, clients)
    on("registry", STOP)
    if token:
        _write(harbor.files(_harbor(endpoint, token), UNITS))
        on("registry", f"{_down(token.faults)}; {WITH_TOKENS}")
    else:
        _write(_plain(endpoint))
        on("registry", PLAIN)


def fail(faults: Faults) -> None:
    """Other faults for a registry that serves with a Token, from its next request on; Faults() for none."""
    settings = settings_of(on("registry", f"cat {FOLDER}/core.json"))
    _write([harbor.settings_file(FOLDER, replace(settings, faults=faults))])
    on("registry", _down(faults))


def stop() -> None:
    """End it and remove what it stored."""
    on("registry", f"{STOP}\nrm -rf {FOLDER}")


def _endpoint(name: str, port: int, ca: Pair, clients: Pair | None = None) -> Endpoint:
    server = make(name, ca=False, issuer=ca, names=(name,))
    return Endpoint(name, port, server.pem, server.key_pem, clients.pem if clients else "")


def _harbor(endpoint: Endpoint, token: Token) -> Harbor:
    path = certificates.ensure_signer(UNIT)
    signer = Endpoint(UNIT, 0, path.read_text(), path.with_suffix(".key").read_text())
    users = {LOGIN["username"]: hashed(LOGIN["password"])}
    realm = f"https://{TOKEN_HOST}/service/token" if token.ca else ""
    settings = Settings(users, harbor.key_id(signer.certificate), realm, token.faults)
    tokens = _endpoint(TOKEN_NAME, TOKEN_PORT, token.ca) if token.ca else None
    return Harbor(TOKEN_UNIT, FOLDER, f"{FOLDER}/storage", endpoint, signer, settings, tokens)


def _plain(endpoint: Endpoint) -> list[File]:
    """The files of a docker-registry that is open to everybody."""
    tls = {"certificate": f"{FOLDER}/server.crt", "key": f"{FOLDER}/server.key"}
    config = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": f"{FOLDER}/storage"}},
        "http": {
            "addr": f":{PORT}",
            "tls": tls | ({"clientcas": [f"{FOLDER}/clients.crt"]} if endpoint.clients else {}),
        },
    }
    contents = {"config.yml": json.dumps(config), "server.crt": endpoint.certificate, "clients.crt": endpoint.clients}
    files = [File(f"{FOLDER}/{name}", content) for name, content in contents.items()]
    return [*files, File(f"{FOLDER}/server.key", endpoint.key, mode=0o600)]


def _down(faults: Faults) -> str:
    return f"{'touch' if faults.core_down else 'rm -f'} {FOLDER}/core-down"


def _write(files: list[File]) -> None:
    on("registry", WRITE, stdin=json.dumps([[file.path, file.content, file.mode] for file in files]))
