# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker contexts: names, hosts and users checked, certificates read."""

from __future__ import annotations

import re
import typing as t
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.tls_files import KEYS, Sources, read_tls_files
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, suggest

Context = dict[str, t.Any]
"""An entry: the keys of `model.option_keys.CONTEXT`, already of the right types; optional ones may be absent."""

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.+-]+")  # docker/cli, cli/context/store/store.go
LONGEST_NAME = 200
_HOSTS = "Write ssh://user@host, tcp://host:port or unix:///path"


@dataclass(frozen=True)
class Users:
    """The users of the builders: their *names*, and the variables that have them and their contexts."""

    names: Sequence[str]
    variable: str = "builder_users"
    contexts: str = "builder_contexts"


def normalise(
    contexts: Sequence[Context], variable: str, users: Users, sources: Sources, findings: Findings
) -> list[Context]:
    """The entries, each with its users (of *users*, by default all), and its certificates and key as PEM text."""
    found = [_entry(each, f"{variable}[{index}]", users, sources, findings) for index, each in enumerate(contexts)]
    _check_once(found, variable, findings)
    return found


def _entry(entry: Context, variable: str, users: Users, sources: Sources, findings: Findings) -> Context:
    result = {key: value for key, value in entry.items() if key not in KEYS}
    if "name" in entry:
        _check_name(entry["name"], f"{variable}.name", findings)
    if "host" in entry:
        _check_host(entry["host"], f"{variable}.host", findings)
    if re.search(r"[\x00-\x1f\x7f]", entry.get("description", "")):
        remedy = "Write one line"
        findings.problem(f"{variable}.description", None, "has a line break or a control character", remedy)
    result["users"] = _users(entry, f"{variable}.users", users, findings)
    return result | _tls(entry, variable, sources, findings)


def _check_name(name: str, variable: str, findings: Findings) -> None:
    if name == "default":
        findings.problem(variable, name, "is the name of docker's own context", "Use another name")
    elif not _NAME.fullmatch(name):
        remedy = "Write two or more letters, digits, '_', '.', '+' or '-', beginning with a letter or digit"
        findings.problem(variable, name, "is not a valid context name", remedy)
    elif len(name) > LONGEST_NAME:
        findings.problem(variable, name, f"is longer than {LONGEST_NAME} characters", "Use a shorter name")


def _check_host(host: str, variable: str, findings: Findings) -> None:
    try:
        parts = urllib.parse.urlsplit(host)
        fault = next(_faults(host, parts, parts.port), None)
    except ValueError:  # an invalid address or port
        fault = ("is not a valid URL", _HOSTS)
    if fault:
        findings.problem(variable, host, *fault)


def _faults(host: str, parts: urllib.parse.SplitResult, port: int | None) -> Iterator[tuple[str, str]]:
    """What is wrong with a URL, and the remedy (docker/cli, cli/connhelper; moby/moby, client/client.go)."""
    if parts.scheme not in ("ssh", "tcp", "unix") or re.search(r"[\s\x00-\x1f\x7f]", host):
        yield "is not the URL of a Docker", _HOSTS
    if parts.password is not None or (parts.username is not None and parts.scheme != "ssh"):
        yield "contains credentials, which docker does not take from there", "Remove them"
    if "?" in host or "#" in host:
        yield "has a query or fragment", "Remove it"
    if parts.scheme == "unix" and (parts.netloc or parts.path in ("", "/")):
        yield "has no path", "Write unix:///run/docker.sock"
    if parts.scheme != "unix" and (not parts.hostname or parts.hostname.startswith("-")):
        yield "has no valid host", _HOSTS
    if port == 0:
        yield "has no valid port", "Write a port from 1 to 65535"
    if parts.scheme == "tcp" and port is None:
        yield "has no port", "Write that at which this Docker listens, such as 2376 with TLS"


def _users(entry: Context, variable: str, known: Users, findings: Findings) -> list[str]:
    if "users" not in entry:
        return list(known.names)
    for index, name in enumerate(entry["users"]):
        if name is not None and name not in known.names:
            message = f"is not one of {known.variable}"
            findings.problem(f"{variable}[{index}]", name, message, suggest(name, known.names))
    if not entry["users"]:
        findings.problem(variable, None, "is empty", f"Name one of {known.variable}, or remove it for all of them")
    return list(dict.fromkeys(name for name in entry["users"] if name in known.names))


def _tls(entry: Context, variable: str, sources: Sources, findings: Findings) -> dict[str, str]:
    """Certificates and key as PEM text, for tcp://."""
    given = [key for key in (*KEYS, "skip_tls_verify") if entry.get(key)]
    host = entry.get("host", "")
    if not host.startswith("tcp://"):
        if host and given:
            message = f"is set, but {host.partition(':')[0]} has no TLS"
            findings.problem(f"{variable}.{given[0]}", None, message, "Remove it, or use tcp://")
        return {}
    for one, other in (("client_cert", "client_key"), ("client_key", "client_cert")):
        if one in entry and other not in entry:
            findings.problem(f"{variable}.{other}", None, f"is missing, but `{one}` is given", "Set both or neither")
            return {}
    if entry.get("skip_tls_verify"):
        more = ", and `ca` has no effect" if "ca" in entry else ""
        message = f"any certificate is accepted{more}: who is in between is root there"
        findings.warn(f"{variable}.skip_tls_verify", message)
    elif not given:
        findings.warn(f"{variable}.host", "without TLS everyone on the network is root there; set `ca`")
    return read_tls_files(entry, variable, sources, findings)


def _check_once(contexts: Sequence[Context], variable: str, findings: Findings) -> None:
    """A user has one context of a name; others may have another one."""
    seen: dict[tuple[str, str], int] = {}
    for index, context in enumerate(contexts):
        name = context.get("name")
        others = [seen.setdefault((user, name), index) for user in context["users"] if name]
        other = next((each for each in others if each != index), None)
        if other is not None:
            message = f"is also the name of {variable}[{other}], for one of its users"
            findings.problem(f"{variable}[{index}].name", name, message, "Use another name, or other users")


def check_builders(
    instances: Sequence[Mapping[str, t.Any]],
    contexts: Sequence[Context],
    users: Users,
    variable: str,
    findings: Findings,
) -> None:
    """A node may be one of *contexts* if all *users* have it; a builder has another name (buildx, builder.go)."""
    owners: dict[str, set[str]] = {}
    for context in contexts:
        owners.setdefault(context.get("name", ""), set()).update(context["users"])
    for index, instance in enumerate(instances):
        if instance.get("name") in owners:
            message = "is also the name of a context, and buildx creates no builder of that name"
            findings.problem(f"{variable}[{index}].name", instance["name"], message, "Rename one of them")
        for place, name in _contexts_of(instance, f"{variable}[{index}]"):
            missing = [user for user in users.names if user not in owners.get(name, users.names)]
            if missing:
                message = f"is in {users.contexts}, but not for {', '.join(missing)}"
                findings.problem(place, name, message, f"Add {', '.join(missing)} to its `users`")


def _contexts_of(instance: Mapping[str, t.Any], variable: str) -> Iterator[tuple[str, str]]:
    for number, node in enumerate(instance.get("nodes", [])):
        if node.get("context"):
            yield f"{variable}.nodes[{number}].context", node["context"]
