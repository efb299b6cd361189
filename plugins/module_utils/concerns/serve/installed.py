# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a served builder on a host: program, configuration, units. Pure, and a part of the program, too."""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass

PROGRAM = "/usr/local/sbin/multiarch-builders-serve"
PYTHON = "/usr/bin/python3"
USER = "multiarch-serve"
FOLDER = "/etc/multiarch-builders-serve"
SERVER, AUTHORITIES, CLIENTS = f"{FOLDER}/server.pem", f"{FOLDER}/ca.pem", f"{FOLDER}/clients.json"
"""Certificate and key of the server, in one file, which is replaced as a whole; CAs of clients; who may connect."""
FILES = (SERVER, AUTHORITIES, CLIENTS)
SERVICE, SOCKET = "multiarch-builders-serve.service", "multiarch-builders-serve.socket"
BUILDKIT_SERVICE, BUILDKIT_SOCKET = "multiarch-builders-buildkit@.service", "multiarch-builders-buildkit.socket"
STARTED = (BUILDKIT_SOCKET, SOCKET, SERVICE)
"""What runs, and starts at boot, in this order."""
BUILDKIT = "/run/multiarch-builders-buildkit.sock"
RUN = "/run/multiarch-builders-serve"
LOADED = f"{RUN}/loaded.json"
"""What the running program has loaded; written by it."""
CONNECTIONS = 256
"""How many connections of all clients there may be at a time."""

_UNITS = "/etc/systemd/system"

# The listening socket is systemd's, so that the program needs no network, and a restart of it refuses nobody.
_SOCKET = """\
[Unit]
Description=Port of a builder for clients with certificates (multiarch.builders)

[Socket]
ListenStream={address}
FreeBind=yes
Backlog=128

[Install]
WantedBy=sockets.target
"""

# systemd.exec(5). PrivateNetwork: what it accepts from the socket is not concerned, and it opens no connection.
_SANDBOX = """\
CapabilityBoundingSet=
NoNewPrivileges=yes
PrivateNetwork=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
"""

_SERVICE = """\
[Unit]
Description=Lets clients with certificates use a builder (multiarch.builders)
Requires={sockets}
After={sockets}

[Service]
Type=notify
User={user}
Group={user}
ExecStart={python} -ISB {program}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5s
TimeoutStopSec=10s
LimitNOFILE=4096
LogRateLimitIntervalSec=30s
LogRateLimitBurst=1000
UMask=0022
RuntimeDirectory={run}
ProtectProc=invisible
RemoveIPC=yes
{sandbox}
[Install]
WantedBy=multi-user.target
"""

# A limit of triggers would close the socket for all until the next run; the program has limits of its own.
_BUILDKIT_SOCKET = """\
[Unit]
Description=BuildKit of a builder, for {service}

[Socket]
ListenStream={path}
SocketGroup={user}
SocketMode=0660
Accept=yes
MaxConnections={most}
TriggerLimitIntervalSec=0
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
"""

# As root, as docker wants it, but with nothing of root's besides its socket. It is what buildx starts for itself
# (docker/buildx, driver/docker-container/driver.go, Dial()). Without a home there is no context of root's.
_BUILDKIT_SERVICE = """\
[Unit]
Description=Connection of a client to builder {builder}
CollectMode=inactive-or-failed

[Service]
ExecStart={docker} exec --interactive {container} buildctl dial-stdio
Environment=DOCKER_HOST=unix:///var/run/docker.sock DOCKER_CONFIG=/nonexistent
StandardInput=socket
StandardOutput=socket
StandardError=journal
TimeoutStopSec=10s
LogLevelMax=notice
{sandbox}"""


@dataclass(frozen=True)
class Client:
    """A certificate that may connect: its client's *name*, SHA-256 in lower case, end in seconds since 1970, 0 if
    unknown."""

    name: str
    fingerprint: str
    ends: int = 0


@dataclass(frozen=True)
class Served:
    """A served builder: its *container* on this host, the *docker* that finds it, where it listens, who may connect.

    Certificates are PEM text; *program* is the SHA-256 of the program.
    """

    builder: str
    container: str
    address: str
    port: int
    ca: str
    certificate: str
    key: str
    allowed: t.Tuple[Client, ...] = ()
    program: str = ""
    docker: str = "/usr/bin/docker"

    def __repr__(self) -> str:
        return f"Served({self.builder!r}, {self.listens!r})"

    @property
    def listens(self) -> str:
        """Address and port, as systemd and people write them."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    def files(self) -> t.Dict[str, str]:
        """The texts of FILES."""
        return {SERVER: self.key + self.certificate, AUTHORITIES: self.ca, CLIENTS: table(self.allowed)}

    def units(self) -> t.Dict[str, str]:
        """The units' texts by path."""
        texts = {
            SOCKET: _SOCKET,
            SERVICE: _SERVICE,
            BUILDKIT_SOCKET: _BUILDKIT_SOCKET,
            BUILDKIT_SERVICE: _BUILDKIT_SERVICE,
        }
        values = {
            **{
                "builder": self.builder,
                "address": self.listens.replace("%", "%%"),
                "container": self.container,
                "docker": self.docker,
            },
            **{"user": USER, "python": PYTHON, "program": PROGRAM, "run": RUN.rpartition("/")[2], "sandbox": _SANDBOX},
            **{"sockets": f"{SOCKET} {BUILDKIT_SOCKET}", "service": SERVICE, "path": BUILDKIT, "most": CONNECTIONS},
        }
        return {unit_path(name): text.format_map(values) for name, text in texts.items()}


def unit_path(name: str) -> str:
    """The file of a unit."""
    return f"{_UNITS}/{name}"


UNIT_PATHS = tuple(unit_path(name) for name in (SERVICE, SOCKET, BUILDKIT_SOCKET, BUILDKIT_SERVICE))


def table(allowed: t.Iterable[Client]) -> str:
    """The text of CLIENTS."""
    rows = [{"name": each.name, "fingerprint": each.fingerprint, "ends": each.ends} for each in allowed]
    return json.dumps({"clients": sorted(rows, key=repr)}, indent=1) + "\n"


def clients_of(text: str) -> t.Tuple[Client, ...]:
    """The rows of CLIENTS. Raises ValueError if it is damaged."""
    try:
        rows = json.loads(text)["clients"]
        return tuple(Client(str(row["name"]), str(row["fingerprint"]), int(row["ends"])) for row in rows)
    except (KeyError, TypeError) as exc:
        raise ValueError(f"{CLIENTS} is not a table of clients") from exc


def digest(texts: t.Mapping[str, str]) -> str:
    """One SHA-256 of all FILES, by their paths: whether the program has loaded them is known by it.

    It never changes, as a running program may be of an older version.
    """
    found = hashlib.sha256()
    for path in FILES:
        found.update(hashlib.sha256(texts[path].encode()).digest())
    return found.hexdigest()
