"""A Harbor as its clients see it: nginx, a stand-in for Harbor's core, and behind both Debian's docker-registry.

nginx has TLS and leads /v2/ to docker-registry, which itself checks the tokens, and /service/token to the stand-in
(lab/standins/token_service.py). So it is in Harbor, where core checks them. Basic credentials become a token on the
way, and a 401 is worded by the stand-in.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from lab.disk import File
from lab.standins import token_service
from lab.standins.token_service import ISSUER, SERVICE, Settings

CORE = Path(token_service.__file__).read_text()

# After make/photon/prepare/templates/nginx/nginx.https.conf.jinja of goharbor/harbor: nothing is limited or kept.
NGINX = """\
user root;
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
  log_format asked '$remote_addr "$request" $status $body_bytes_sent "$http_user_agent" $request_time';
  access_log syslog:server=unix:/dev/log,nohostname asked;
  server_tokens off;
  ssl_protocols TLSv1.2 TLSv1.3;
  client_max_body_size 0;
  proxy_http_version 1.1;
  proxy_buffering off;
  proxy_request_buffering off;
  proxy_send_timeout 900;
  proxy_read_timeout 900;
  proxy_set_header Host $http_host;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Original-Method $request_method;
  proxy_set_header X-Original-URI $request_uri;
  upstream core {{ server unix:/run/{unit}-core/socket; }}
  upstream registry {{ server unix:/run/{unit}-registry/socket; }}
  # The token that the core gave for basic credentials, or what the client sent.
  map $bearer $passed_on {{ "" $http_authorization; default $bearer; }}
  server {{
{registry}
    if (-f {folder}/core-down) {{ return 502; }}
    location / {{ return 404; }}
    location /v2/ {{
      auth_request /check;
      auth_request_set $bearer $upstream_http_authorization;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Authorization $passed_on;
      proxy_pass http://unix:/run/{unit}/inner;
      proxy_intercept_errors on;
      error_page 401 = @unauthorized;
    }}
    location = /check {{
      internal;
      if ($http_authorization !~* ^basic) {{ return 204; }}
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Original-URI $request_uri;
      proxy_method GET;
      proxy_pass http://core;
    }}
    location @unauthorized {{
      rewrite ^ /unauthorized break;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Original-URI $request_uri;
      proxy_method GET;
      proxy_pass http://core;
    }}
    location /service/token {{ proxy_pass http://core; }}
  }}
  # nginx keeps the challenge of an answer in whose place it gives another: so it comes without.
  server {{
    listen unix:/run/{unit}/inner;
    access_log off;
    location / {{
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;
      proxy_hide_header WWW-Authenticate;
      proxy_pass http://registry;
    }}
  }}
{tokens}}}
"""
TOKENS = """\
  server {{
{tls}
    location /service/token {{ proxy_pass http://core; }}
  }}
"""
TLS = """\
    listen {port} ssl;
    ssl_certificate {folder}/{stem}.crt;
    ssl_certificate_key {folder}/{stem}.key;"""
CLIENTS = """
    ssl_client_certificate {folder}/clients.crt;
    ssl_verify_client on;"""

PART = """\
[Unit]
Description={description}
PartOf={unit}.service

[Service]
RuntimeDirectory={unit}-{part}
ExecStart={command}
ExecStartPost=/bin/sh -c 'until test -S /run/{unit}-{part}/socket; do sleep 0.02; done'
Restart=on-failure
"""
WHOLE = """\
[Unit]
Description={description}
Requires={unit}-core.service {unit}-registry.service
After=network.target {unit}-core.service {unit}-registry.service

[Service]
RuntimeDirectory={unit}
ExecStart=/usr/sbin/nginx -c {folder}/nginx.conf
# Started means answering: whoever waits for this host can use it.
ExecStartPost=/bin/sh -c 'until ss -lnt | grep -q ":{port} "; do sleep 0.02; done'
Restart=on-failure
"""


@dataclass(frozen=True)
class Endpoint:
    """Where clients come to: a name and a port, with a certificate and its key in PEM. Clients need a certificate of
    one of *clients*, if that is given."""

    name: str
    port: int
    certificate: str
    key: str
    clients: str = ""


@dataclass(frozen=True)
class Harbor:
    """One Harbor: its units are {unit}, {unit}-core and {unit}-registry, its files are in *folder*."""

    unit: str
    folder: str
    storage: str
    registry: Endpoint
    signer: Endpoint  # whose certificate the registry trusts for tokens; its name and port are of no account
    settings: Settings
    tokens: Endpoint | None = None  # where /service/token is, too; settings.realm leads there


def key_id(certificate: str) -> str:
    """How docker-registry names a key (libtrust): the first 240 bits of its SHA-256, in base32, in groups of four."""
    key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    text = base64.b32encode(hashlib.sha256(der).digest()[:30]).decode()
    return ":".join(text[start : start + 4] for start in range(0, len(text), 4))


def nginx(harbor: Harbor) -> str:
    """nginx's configuration."""
    where = {"folder": harbor.folder, "unit": harbor.unit}
    registry = TLS.format(port=harbor.registry.port, stem="server", **where)
    registry += CLIENTS.format(**where) if harbor.registry.clients else ""
    tokens = ""
    if harbor.tokens:
        tokens = TOKENS.format(tls=TLS.format(port=harbor.tokens.port, stem="tokens", **where))
    return NGINX.format(registry=registry, tokens=tokens, **where)


def registry(harbor: Harbor) -> str:
    """docker-registry's configuration. Clients never see its own realm, as a 401 is worded by the core."""
    token = {"realm": "core", "service": SERVICE, "issuer": ISSUER, "rootcertbundle": f"{harbor.folder}/signer.crt"}
    content = {
        "version": 0.1,
        "log": {"level": "info", "formatter": "json", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": harbor.storage}, "delete": {"enabled": True}},
        "http": {"net": "unix", "addr": f"/run/{harbor.unit}-registry/socket", "secret": harbor.settings.key_id},
        "auth": {"token": token},
    }
    return json.dumps(content, indent=2) + "\n"


def settings_file(folder: str, settings: Settings) -> File:
    """What the core reads for each request."""
    return File(f"{folder}/core.json", json.dumps(asdict(settings), indent=2) + "\n", mode=0o600)


def units(harbor: Harbor, units_folder: str) -> list[File]:
    """The three units; to start the first starts the others, to stop it stops them."""
    where = f"{harbor.registry.name}:{harbor.registry.port}"
    folder = harbor.folder
    arguments = f"{folder}/core.json {folder}/signer.key /run/{harbor.unit}-core/socket"
    parts = {
        "core": f"/usr/bin/python3 {folder}/core.py {arguments}",
        "registry": f"/usr/bin/docker-registry serve {folder}/registry.yml",
    }
    names = {"core": f"Stand-in for the core of Harbor {where}", "registry": f"Registry of Harbor {where}"}
    content = WHOLE.format(description=f"Harbor {where}", unit=harbor.unit, folder=folder, port=harbor.registry.port)
    made = [File(f"{units_folder}/{harbor.unit}.service", content)]
    for part, command in parts.items():
        content = PART.format(description=names[part], unit=harbor.unit, part=part, command=command)
        made.append(File(f"{units_folder}/{harbor.unit}-{part}.service", content))
    return made


def files(harbor: Harbor, units_folder: str = "/etc/systemd/system") -> list[File]:
    """All files of a Harbor."""
    endpoints = {"server": harbor.registry, "signer": harbor.signer}
    if harbor.tokens:
        endpoints["tokens"] = harbor.tokens
    made = [
        File(f"{harbor.folder}/nginx.conf", nginx(harbor)),
        File(f"{harbor.folder}/registry.yml", registry(harbor)),
        File(f"{harbor.folder}/core.py", CORE),
        settings_file(harbor.folder, harbor.settings),
        *units(harbor, units_folder),
    ]
    for stem, one in endpoints.items():
        made.append(File(f"{harbor.folder}/{stem}.crt", one.certificate))
        made.append(File(f"{harbor.folder}/{stem}.key", one.key, mode=0o600))
    if harbor.registry.clients:
        made.append(File(f"{harbor.folder}/clients.crt", harbor.registry.clients))
    return made
