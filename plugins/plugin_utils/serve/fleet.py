# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who serves whom, from the variables of all hosts of the inventory. Pure.

Values of the wrong type count as absent: the checks of the host that has them report them.
"""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.issue import (
    CLIENT_DAYS,
    HOST_DAYS,
    valid_name,
)

PORT = 1234
OWN = ("ca", "certificate", "key")
"""Keys of `builder_serve` for a server with certificates of another CA."""


@dataclass(frozen=True)
class Settings:
    """What a host's variables say: *serve* and *instances* as plain data, *folder* the path of the CA's folder.

    *address* is the host's `ansible_host`, "" without one.
    """

    serve: object = None
    instances: object = None
    folder: str = ""
    plain_keys: bool = False
    address: str = ""


@dataclass(frozen=True)
class Server:
    """A host that serves: the *names* of its certificate, its *port*; *own* with certificates of another CA."""

    name: str
    folder: str
    names: tuple[str, ...]
    endpoint_name: str
    port: int
    own: bool = False

    @property
    def endpoint(self) -> str:
        """Where clients find it."""
        return f"tcp://{f'[{self.endpoint_name}]' if ':' in self.endpoint_name else self.endpoint_name}:{self.port}"


@dataclass(frozen=True)
class Client:
    """A client of *servers*: a host, or a pipeline. *since*: certificates issued before are not allowed.

    *given* are the client's certificates of another CA, by server: each PEM text or a path.
    """

    name: str
    folder: str
    servers: tuple[str, ...]
    is_host: bool
    days: int
    since: datetime.datetime | None = None
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Fleet:
    """The servers and clients of an inventory, by name."""

    servers: Mapping[str, Server]
    clients: Mapping[str, Client]

    def clients_of(self, server: str) -> list[Client]:
        """In the order of their names."""
        return [each for _name, each in sorted(self.clients.items()) if server in each.servers]


def to_data(fleet: Fleet) -> dict[str, t.Any]:
    """*fleet* as plain data, which `from_data` reads."""
    found = asdict(fleet)
    for client in found["clients"].values():
        client["since"] = client["since"] and client["since"].isoformat()
    return found


def from_data(data: Mapping[str, t.Any]) -> Fleet:
    """The fleet of `to_data`, also after JSON."""
    servers = {name: Server(**{**each, "names": tuple(each["names"])}) for name, each in data["servers"].items()}
    clients = {
        name: Client(
            **{
                **each,
                "servers": tuple(each["servers"]),
                "since": renewal(each["since"]),
                "given": {server: tuple(texts) for server, texts in each["given"].items()},
            }
        )
        for name, each in data["clients"].items()
    }
    return Fleet(servers, clients)


def fleet_of(hosts: Mapping[str, Settings]) -> Fleet:
    """The servers and clients among *hosts*.

    A client that several servers list has the fewest days and the latest renewal of those.
    """
    servers = {name: _server(name, each) for name, each in hosts.items() if _mapping(each.serve)}
    found: dict[str, list[Client]] = {}
    for name, host in hosts.items():
        for client in (*_listed(name, host), *_nodes(name, host, servers)):
            found.setdefault(client.name, []).append(client)
    return Fleet(servers, {name: _merged(each) for name, each in found.items()})


def plain_keys(fleet: Fleet, hosts: Mapping[str, Settings]) -> dict[str, bool]:
    """By folder, whether all servers and clients of *fleet* that use it permit plain keys."""
    plain: dict[str, bool] = {}
    for name, each in hosts.items():
        if name in fleet.servers or name in fleet.clients:
            plain[each.folder] = plain.get(each.folder, True) and each.plain_keys
    return plain


def default_names(host: str, address: str) -> tuple[str, ...]:
    """The names of a host's certificate where the variables have none."""
    return tuple(dict.fromkeys(each for each in (address, host) if each and valid_name(each)))


def renewal(value: object) -> datetime.datetime | None:
    """The moment that `renew` gives, UTC unless it says otherwise; None for none. Raises ValueError."""
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value.strip())
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    if value is None:
        return None
    if not isinstance(value, datetime.datetime):
        raise ValueError("is not a date")  # as fromisoformat
    return value if value.tzinfo else value.replace(tzinfo=datetime.UTC)


def _server(name: str, host: Settings) -> Server:
    serve = _mapping(host.serve)
    given = [each for each in _list(serve.get("names")) if isinstance(each, str) and valid_name(each)]
    names = tuple(dict.fromkeys(given)) or default_names(name, host.address)
    port = serve.get("port")
    number = int(port) if isinstance(port, (int, str)) and str(port).isdecimal() else PORT
    return Server(name, host.folder, names, names[0] if names else name, number, own=any(map(serve.get, OWN)))


def _listed(server: str, host: Settings) -> Iterator[Client]:
    for row in map(_mapping, _list(_mapping(host.serve).get("clients"))):
        name, days = row.get("name"), row.get("days")
        if not isinstance(name, str) or not name:
            continue
        number = int(days) if isinstance(days, (int, str)) and str(days).isdecimal() else CLIENT_DAYS
        given = row.get("certificate")
        certificates = {server: (given,)} if isinstance(given, str) else {}
        yield Client(name, host.folder, (server,), False, number, _since(row.get("renew")), certificates)


def _nodes(name: str, host: Settings, servers: Mapping[str, Server]) -> Iterator[Client]:
    for instance in map(_mapping, _list(host.instances)):
        for node in map(_mapping, _list(instance.get("nodes"))):
            server, given = node.get("serve"), node.get("client_cert")
            if isinstance(server, str) and server in servers and server != name:
                certificates = {server: (given,)} if isinstance(given, str) else {}
                yield Client(name, host.folder, (server,), True, HOST_DAYS, None, certificates)


def _merged(rows: list[Client]) -> Client:
    servers = tuple(dict.fromkeys(server for row in rows for server in row.servers))
    listed = [row for row in rows if not row.is_host]
    hosts = [row for row in rows if row.is_host]
    given = {
        server: tuple(dict.fromkeys(each for row in rows for each in row.given.get(server, ()))) for server in servers
    }
    return Client(
        name=rows[0].name,
        folder=(hosts or rows)[0].folder,
        servers=servers,
        is_host=bool(hosts),
        days=min(row.days for row in listed or hosts),
        since=max((row.since for row in listed if row.since), default=None),
        given={server: each for server, each in given.items() if each},
    )


def _since(value: object) -> datetime.datetime | None:
    try:
        return renewal(value)
    except ValueError:
        return None


def _mapping(value: object) -> Mapping[str, t.Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[t.Any]:
    return value if isinstance(value, list) else []
