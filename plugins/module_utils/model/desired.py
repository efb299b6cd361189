# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host shall be: the options of the modules as frozen data, as the controller compiled them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy

Params = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Registry:
    """One row of the table of registries; certificates and keys are PEM text, *hosts_toml* is for dockerd."""

    host: str
    mirrors: t.Tuple[str, ...] = ()
    ca: t.Optional[str] = None
    client_cert: t.Optional[str] = None
    client_key: t.Optional[str] = None
    insecure: bool = False
    http: bool = False
    username: t.Optional[str] = None
    password: t.Optional[str] = None
    hosts_toml: t.Optional[str] = None

    @property
    def is_optional(self) -> bool:
        """Whether images come from its mirrors, and nothing says that the host reaches it itself, as often is so."""
        said = (self.ca, self.client_cert, self.username, self.http, self.insecure)
        return bool(self.mirrors) and not any(said)


@dataclass(frozen=True)
class Node:
    """One machine of a builder. *endpoint* is "" for this host's dockerd, else ssh://…, tcp://… or a context's name.

    *platforms* are canonical names, none for what BuildKit finds. Certificates and key (PEM) are for the driver remote.
    """

    name: str
    endpoint: str = ""
    platforms: t.Tuple[str, ...] = ()
    driver_opts: t.Mapping[str, str] = field(default_factory=dict)
    ca: t.Optional[str] = None
    client_cert: t.Optional[str] = None
    client_key: t.Optional[str] = None

    @property
    def local(self) -> bool:
        """Whether it is this host."""
        return not self.endpoint


@dataclass(frozen=True)
class Instance:
    """One builder; *config* is buildkitd.toml as it is inside the container, *certificates* {"REGISTRY/FILE": PEM}.

    *driver_opts* are those of every node, which each may add to.
    """

    name: str
    driver: str
    image: str
    driver_opts: t.Mapping[str, str]
    flags: t.Tuple[str, ...]
    default: bool
    config: str
    certificates: t.Mapping[str, str]
    nodes: t.Tuple[Node, ...] = ()

    def __post_init__(self) -> None:
        """Without nodes it is this host, by the name that buildx itself would give (store/nodegroup.go)."""
        if not self.nodes:
            object.__setattr__(self, "nodes", (Node(f"{self.name}0"),))


@dataclass(frozen=True)
class Disruption:
    """What may be done to running work; *drain_timeout* in seconds."""

    mode: str
    drain_timeout: int


def is_network(host: str) -> bool:
    """Whether *host* of an entry, checked by the controller, is a network of registries: no registry has a path."""
    return "/" in host


def registries_of(params: Params) -> t.Tuple[Registry, ...]:
    """The table of registries, without the networks in it."""
    names = Registry.__dataclass_fields__
    rows = [{key: value for key, value in row.items() if key in names} for row in params["registries"]]
    return tuple(
        Registry(**{**row, "mirrors": tuple(row.get("mirrors") or ())}) for row in rows if not is_network(row["host"])
    )


def networks_of(params: Params) -> t.Tuple[str, ...]:
    """The networks in the table of registries, which dockerd alone knows what to do with: such as 10.0.0.0/8."""
    return tuple(row["host"] for row in params["registries"] if is_network(row["host"]))


def proxy_of(params: Params) -> Proxy:
    """The proxy, an empty one if there is none."""
    names = Proxy.__dataclass_fields__
    given = {key: value for key, value in (params.get("proxy") or {}).items() if key in names and value is not None}
    return Proxy(**{**given, "no_proxy": tuple(given.get("no_proxy") or ())})


def instances_of(params: Params) -> t.Tuple[Instance, ...]:
    """The builders, their containers' environment with the proxy; a remote buildkitd has its own.

    Certificates that come from registries are those of the same *params*.
    """
    texts = {row["host"]: row for row in params.get("registries") or ()}
    environment = {f"env.{name}": value for name, value in proxy_of(params).environment().items()}
    return tuple(
        Instance(
            name=row["name"],
            driver=row["driver"],
            image=row["image"],
            driver_opts={
                **(environment if row["driver"] != "remote" else {}),
                **{key: str(value) for key, value in (row.get("driver_opts") or {}).items()},
            },
            flags=tuple(row.get("flags") or ()),
            default=bool(row.get("default")),
            config=row.get("config") or "",
            certificates={
                **{name: texts[host][key] for name, (host, key) in (row.get("registry_files") or {}).items()},
                **(row.get("certificates") or {}),
            },
            nodes=tuple(map(_node, row.get("nodes") or ())),
        )
        for row in params["instances"]
    )


def _node(row: Params) -> Node:
    names = Node.__dataclass_fields__
    given = {key: value for key, value in row.items() if key in names and value is not None}
    options = {key: str(value) for key, value in (row.get("driver_opts") or {}).items()}
    return Node(**{**given, "platforms": tuple(row.get("platforms") or ()), "driver_opts": options})


def disruption_of(params: Params) -> Disruption:
    """What the user allows."""
    return Disruption(params["disruption"], params["drain_timeout"])
