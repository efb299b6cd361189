# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired state of a host: the modules' options as frozen data, as compiled by the controller."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.ssh import SshNode, node_of

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
        """Whether images come from its mirrors, and nothing requires that the host reaches the registry itself."""
        said = (self.ca, self.client_cert, self.username, self.http, self.insecure)
        return bool(self.mirrors) and not any(said)


@dataclass(frozen=True)
class Node:
    """One machine of a builder. *endpoint* is "" for this host's dockerd, else ssh://…, tcp://… or a context's name.

    *platforms* are canonical names, empty for automatic detection. Certificates and key (PEM) are for driver remote.
    *serve* is the host of the inventory that serves it, which the same run may provision.
    *ssh* is set if users reach it with keys of ours.
    """

    name: str
    endpoint: str = ""
    platforms: t.Tuple[str, ...] = ()
    driver_opts: t.Mapping[str, str] = field(default_factory=dict)
    ca: t.Optional[str] = None
    client_cert: t.Optional[str] = None
    client_key: t.Optional[str] = None
    serve: t.Optional[str] = None
    ssh: t.Optional[SshNode] = None

    @property
    def local(self) -> bool:
        """Whether it is this host."""
        return not self.endpoint


@dataclass(frozen=True)
class Instance:
    """One builder; *config* is buildkitd.toml as it is inside the container, *certificates* {"REGISTRY/FILE": PEM}.

    *driver_opts* apply to every node; a node may add its own.
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
        """Defaults to one node on this host, with the name that buildx would choose (store/nodegroup.go)."""
        if not self.nodes:
            object.__setattr__(self, "nodes", (Node(f"{self.name}0"),))


@dataclass(frozen=True)
class Inherited:
    """What builders that *users* make themselves get; *config* and *certificates* as in Instance.

    Without *users* nobody's do. *takeover* allows to replace a foreign file, *proxied* says that this host has a proxy.
    """

    users: t.Tuple[str, ...] = ()
    config: str = ""
    certificates: t.Mapping[str, str] = field(default_factory=dict)
    takeover: bool = False
    proxied: bool = False


@dataclass(frozen=True)
class Context:
    """A docker context of *users*; *host* is a URL, certificates and key are PEM text.

    *takeover* allows to replace a foreign one of that name.
    """

    name: str
    host: str
    users: t.Tuple[str, ...]
    description: str = ""
    ca: t.Optional[str] = None
    client_cert: t.Optional[str] = None
    client_key: t.Optional[str] = None
    skip_tls_verify: bool = False
    takeover: bool = False


@dataclass(frozen=True)
class Disruption:
    """The allowed disruption of running work; *drain_timeout* in seconds."""

    mode: str
    drain_timeout: int


def is_network(host: str) -> bool:
    """Whether *host* of an entry, checked by the controller, is a network of registries: no registry has a path."""
    return "/" in host


def registries_of(params: Params) -> t.Tuple[Registry, ...]:
    """The table of registries, without its networks."""
    names = Registry.__dataclass_fields__
    rows = [{key: value for key, value in row.items() if key in names} for row in params["registries"]]
    return tuple(
        Registry(**{**row, "mirrors": tuple(row.get("mirrors") or ())}) for row in rows if not is_network(row["host"])
    )


def networks_of(params: Params) -> t.Tuple[str, ...]:
    """The networks in the table of registries, such as 10.0.0.0/8, which only dockerd supports."""
    return tuple(row["host"] for row in params["registries"] if is_network(row["host"]))


def proxy_of(params: Params) -> Proxy:
    """The proxy, empty if none is set."""
    names = Proxy.__dataclass_fields__
    given = {key: value for key, value in (params.get("proxy") or {}).items() if key in names and value is not None}
    return Proxy(**{**given, "no_proxy": tuple(given.get("no_proxy") or ())})


def instances_of(params: Params) -> t.Tuple[Instance, ...]:
    """The builders, with the proxy in their containers' environment; a remote buildkitd has its own.

    Certificates of registries are taken from the same *params*.
    """
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
            certificates={**_registry_files(row, params), **(row.get("certificates") or {})},
            nodes=tuple(map(_node, row.get("nodes") or ())),
        )
        for row in params["instances"]
    )


def local_node(params: Params, builder: str) -> t.Optional[str]:
    """The name of the builder's node on this host, None if there is none."""
    row = next((each for each in params["instances"] if each["name"] == builder), None)
    if row is None or row["driver"] != "docker-container":
        return None
    nodes = tuple(map(_node, row.get("nodes") or ())) or (Node(f"{builder}0"),)
    return next((each.name for each in nodes if each.local), None)


def inherited_of(params: Params) -> Inherited:
    """What the builders get that users make themselves; certificates are taken from the registries of *params*."""
    row = params.get("inherit") or {}
    if not row.get("enabled"):
        return Inherited()
    users = params["users"] if row.get("users") is None else row["users"]
    return Inherited(
        users=tuple(users),
        config=row.get("config") or "",
        certificates=_registry_files(row, params),
        takeover=bool(row.get("takeover")),
        proxied=bool(proxy_of(params).environment()),
    )


def contexts_of(params: Params) -> t.Tuple[Context, ...]:
    """The docker contexts; an entry without users is for all."""
    names = Context.__dataclass_fields__
    rows = [
        {key: value for key, value in row.items() if key in names and value is not None} for row in params["contexts"]
    ]
    return tuple(Context(**{**row, "users": tuple(row.get("users") or params["users"])}) for row in rows)


def _registry_files(row: Params, params: Params) -> t.Dict[str, str]:
    """{"REGISTRY/FILE": PEM} of the files that buildkitd.toml names."""
    texts = {each["host"]: each for each in params.get("registries") or ()}
    return {name: texts[host][key] for name, (host, key) in (row.get("registry_files") or {}).items()}


def _node(row: Params) -> Node:
    names = Node.__dataclass_fields__
    given = {key: value for key, value in row.items() if key in names and value is not None}
    options = {key: str(value) for key, value in (row.get("driver_opts") or {}).items()}
    ssh = {"ssh": node_of(row["ssh"])} if row.get("ssh") else {}
    return Node(**{**given, **ssh, "platforms": tuple(row.get("platforms") or ()), "driver_opts": options})


def disruption_of(params: Params) -> Disruption:
    """What the user allows."""
    return Disruption(params["disruption"], params["drain_timeout"])
