# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of a builder: hosts of the inventory become ssh endpoints, everything else is checked and passed on."""

from __future__ import annotations

import datetime
import re
import typing as t
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Source
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import driver_opts, served
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.platforms import normalise_platforms
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.ssh_access import Reached, check_login
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.tls_files import Sources, read_tls_files
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, show
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import ReadFile

Node = dict[str, t.Any]
"""An entry: the keys of `model.option_keys.NODE`, already of the right types; optional ones may be absent."""

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9._-]*")  # docker/buildx, store/util.go
LONGEST_NAME = 200  # characters: files are named so, with something added
_ENDPOINTS = {
    "docker-container": (("ssh://", "tcp://", "unix://"), "Write ssh://user@host, tcp://host:port or unix:///path"),
    "remote": (("tcp://", "unix://", "docker-container://"), "Write tcp://host:port, with its certificates beside it"),
}
_THIS_HOST = ("default", "unix:///var/run/docker.sock")
_PLACES = {"docker-container": ("host", "endpoint", "context"), "remote": ("endpoint", "serve"), "kubernetes": ()}


def _nobody(_name: str) -> None:
    return None


@dataclass(frozen=True)
class Inventory:
    """*this* is the host that the options are for; *find* gives the variables of a host, None if it is unknown.

    *hosts* are the names of all.
    """

    this: str = ""
    find: Callable[[str], Mapping[str, t.Any] | None] = _nobody
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """The context of the checks: the *builder*, its *driver*, the inventory, how to read files, the time.

    *source* has the certificates of nodes that are hosts which serve.
    *keys* says whether hosts of the inventory are reached with ssh keys of ours.
    """

    builder: str
    driver: str
    inventory: Inventory
    read_file: ReadFile
    now: datetime.datetime
    warn_days: int = 30
    source: Source | None = None
    keys: bool = False


def normalise(nodes: Sequence[Node], variable: str, context: Context, findings: Findings) -> list[Node]:
    """The entries with `name`, `endpoint` and `platforms` in one form, certificates as PEM text."""
    found = [_entry(node, f"{variable}[{index}]", context, findings) for index, node in enumerate(nodes)]
    for key, what in (("name", "name"), ("endpoint", "machine")):
        if key == "name" or context.driver != "kubernetes":
            _check_once(found, key, what, variable, findings)
    _check_platforms(found, variable, findings)
    if context.driver == "remote" and not nodes:
        remedy = "Set `nodes: [{endpoint: tcp://host:port, ca: …, client_cert: …, client_key: …}]`"
        findings.problem(variable, None, "is empty, but the driver remote connects to a buildkitd elsewhere", remedy)
    return found


def _entry(node: Node, variable: str, context: Context, findings: Findings) -> Node:
    if not node:  # of the wrong type, already reported
        return {"name": "", "endpoint": None, "platforms": [], "driver_opts": {}}
    place = _place(node, variable, context, findings)
    default = _default_name(context.builder, place[1]) if place else ""
    name = node.get("name") or default
    if name and not _NAME.fullmatch(name):
        remedy = "Start with a letter, followed by letters, digits, '.', '_' or '-'"
        findings.problem(f"{variable}.name", name, "is not a valid node name", remedy)
    elif len(name) > LONGEST_NAME:
        findings.problem(f"{variable}.name", name, f"is longer than {LONGEST_NAME} characters", "Give a shorter `name`")
    if "user" in node and "host" not in node:
        findings.problem(f"{variable}.user", node["user"], "only applies to a `host`", "Put it into the endpoint")
    if "ssh" in node:
        findings.problem(f"{variable}.ssh", None, "is internal", "Remove it")
    result: Node = {"name": name, "endpoint": place[0] if place else None}
    reached = _reached(node["host"], node.get("user"), context) if context.keys and place and "host" in node else None
    if reached is not None:
        check_login(reached, variable, findings)
        result |= {"endpoint": reached.managed, "ssh": reached.row}
    result["platforms"] = normalise_platforms(node.get("platforms", []), f"{variable}.platforms", findings)
    options = node.get("driver_opts", {})
    result["driver_opts"] = driver_opts.normalise(options, f"{variable}.driver_opts", findings, context.driver)
    given = result | _certificates(node, variable, context, findings)
    if not node.get("serve") or context.driver != "remote":
        return given
    return given | served.of_node(node, variable, context.inventory.this, context.source, findings)


def _default_name(builder: str, place: str) -> str:
    return re.sub(r"[^a-zA-Z0-9._-]+", "-", f"{builder}-{place}")


def name_of(node: Mapping[str, t.Any], builder: str, host: str) -> str:
    """The name of a node of a *builder* of *host*, as far as the unchecked entry tells; else ""."""
    if isinstance(node.get("name"), str):
        return str(node["name"])
    place = next((each for each in map(node.get, ("host", "endpoint", "context")) if isinstance(each, str)), "")
    if place == node.get("endpoint"):
        place = host if place in _THIS_HOST else _called(place)
    return _default_name(builder, place) if place else ""


def _place(node: Node, variable: str, context: Context, findings: Findings) -> tuple[str, str] | None:
    """(endpoint, default name) of a node, None if invalid."""
    wanted = _PLACES[context.driver]
    if node.get("serve"):
        return _of_server(node, variable, context, findings)
    given = [key for key in ("host", "endpoint", "context") if node.get(key)]
    if not wanted and not given:
        return "", node.get("name", "node")
    if len(given) != 1 or given[0] not in wanted:
        message = f"has {' and '.join(f'`{key}`' for key in given) or 'no machine'}"
        remedy = f"Set one of {', '.join(wanted)}" if wanted else "Remove it: kubectl's current context is used"
        findings.problem(variable, None, message, remedy)
        return None
    text: str = node[given[0]]
    if given[0] == "host":
        return _of_inventory(text, node.get("user"), variable, context, findings)
    if text in _THIS_HOST and context.driver == "docker-container":
        return "", context.inventory.this or "default"
    return (text, text) if given[0] == "context" else _of_url(text, variable, context, findings)


def _of_server(node: Node, variable: str, context: Context, findings: Findings) -> tuple[str, str] | None:
    """The address of a host that serves, or the one given in its place."""
    host: str = node["serve"]
    if context.driver != "remote":
        message = f"is for the driver remote only, not for {context.driver}"
        findings.problem(f"{variable}.serve", host, message, "Set `driver: remote` for this builder")
        return None
    if others := [key for key in ("host", "context") if node.get(key)]:
        findings.problem(f"{variable}.{others[0]}", None, "is set beside `serve`", "Remove one of them")
        return None
    if node.get("endpoint") and _of_url(node["endpoint"], variable, context, findings) is None:
        return None
    found = served.find(host, variable, context.inventory.this, context.source, findings, context.inventory.find(host))
    return None if found is None else (node.get("endpoint") or found.endpoint, host)


def _of_url(text: str, variable: str, context: Context, findings: Findings) -> tuple[str, str] | None:
    prefixes, remedy = _ENDPOINTS[context.driver]
    called = _called(text) if text.startswith(prefixes) else ""
    if not called:
        findings.problem(f"{variable}.endpoint", text, "is not a valid endpoint for this driver", remedy)
        return None
    if text.startswith("tcp://") and context.driver == "docker-container":
        findings.warn(f"{variable}.endpoint", "without TLS everyone on the network is root there; use a `context`")
    return text, called


def _called(endpoint: str) -> str:
    """The default name of a node at *endpoint*, its host or path; "" if it is not a URL without a password."""
    if re.search(r"[\s\x00-\x1f\x7f]", endpoint):
        return ""
    try:
        parts = urllib.parse.urlsplit(endpoint)
        port = parts.port
    except ValueError:  # an invalid address or port
        return ""
    path = parts.path.strip("/") if parts.scheme == "unix" else ""
    return "" if port == 0 or parts.password is not None else parts.hostname or path


def _of_inventory(
    host: str, user: str | None, variable: str, context: Context, findings: Findings
) -> tuple[str, str] | None:
    if host == context.inventory.this:
        return "", host
    reached = _reached(host, user, context)
    if reached is None:
        remedy = "Write the name of a host in the inventory, or set `endpoint: ssh://user@host`"
        findings.problem(f"{variable}.host", host, "is not a host of the inventory", remedy)
        return None
    endpoint = reached.endpoint
    if not _called(endpoint):
        remedy = "Fix ansible_host, ansible_user and ansible_port of that host, or set `endpoint: ssh://user@host`"
        findings.problem(f"{variable}.host", host, f"has no valid ssh address: {show(endpoint)}", remedy)
        return None
    return endpoint, host


def _reached(host: str, user: str | None, context: Context) -> Reached | None:
    """How ssh reaches a host of the inventory; None for an unknown one, and for this host."""
    variables = context.inventory.find(host) if host != context.inventory.this else None
    if variables is None:
        return None
    login, port = user or variables.get("ansible_user"), variables.get("ansible_port")
    return Reached(host, str(variables.get("ansible_host") or host), str(login or ""), str(port or ""))


def _certificates(node: Node, variable: str, context: Context, findings: Findings) -> dict[str, str]:
    """`ca`, `client_cert` and `client_key` as PEM text, for the driver remote."""
    given = [key for key in ("ca", "client_cert", "client_key") if key in node]
    if given and context.driver != "remote":
        findings.problem(f"{variable}.{given[0]}", None, "is for the driver remote only", "Remove it")
        return {}
    if ("client_cert" in node) != ("client_key" in node):
        findings.problem(variable, None, "has only one of `client_cert` and `client_key`", "Set both or neither")
        return {}
    named = "servername" in node.get("driver_opts", {}) and not node.get("serve")
    if "ca" not in node and ("client_cert" in node or named):
        remedy = "Set the CA of the buildkitd's certificate"
        findings.problem(f"{variable}.ca", None, "is missing, and without it buildx does not use TLS", remedy)
        return {}
    return read_tls_files(node, variable, Sources(context.read_file, context.now, context.warn_days), findings)


def _check_once(nodes: Sequence[Node], key: str, what: str, variable: str, findings: Findings) -> None:
    """buildx refuses a second node of the same name or endpoint (store/nodegroup.go)."""
    seen: dict[str, int] = {}
    for index, node in enumerate(nodes):
        if node[key] is None or not node["name"]:  # already reported
            continue
        text = node[key].lower()
        if seen.setdefault(text, index) != index:
            message = f"is the same {what} as {variable}[{seen[text]}]"
            findings.problem(f"{variable}[{index}]", node[key] or "this host", message, "Remove one of them")


def _check_platforms(nodes: Sequence[Node], variable: str, findings: Findings) -> None:
    """A platform belongs to one node: buildx silently removes it from the others (store/nodegroup.go)."""
    seen: dict[str, int] = {}
    for index, node in enumerate(nodes):
        for platform in node["platforms"]:
            if seen.setdefault(platform, index) != index:
                message = f"is already a platform of {variable}[{seen[platform]}]"
                findings.problem(f"{variable}[{index}].platforms", platform, message, "Assign it to one of them")
