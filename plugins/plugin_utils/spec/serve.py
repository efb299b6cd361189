# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A builder that is served to clients elsewhere: which one, and where it listens."""

from __future__ import annotations

import ipaddress
import tomllib
import typing as t
from collections.abc import Mapping, Sequence

from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, suggest

Values = dict[str, t.Any]

PORT = 1234
_INTERNAL = ("allowed", "program", "src")
_INSECURE = "security.insecure"


def check_serve(value: Values, variable: str, builders: Sequence[Mapping[str, t.Any]], findings: Findings) -> Values:
    """*value* with its defaults; {} if nothing is served. *builders* are the checked instances of the host."""
    if not value:
        return {}
    for name in _INTERNAL:
        if name in value:
            findings.problem(f"{variable}.{name}", None, "is internal", "Remove it")
    _check_address(value.get("address"), f"{variable}.address", findings)
    port = value.get("port", PORT)
    if not 0 < port < 65536:
        findings.problem(f"{variable}.port", port, "is not a TCP port", "Write a number from 1 to 65535, such as 1234")
    builder = _builder(value.get("builder"), f"{variable}.builder", builders, findings)
    return {"clients": [], **value, "port": port, "builder": builder}


def _check_address(address: str | None, variable: str, findings: Findings) -> None:
    if not address:
        remedy = "Write the address to listen on, such as 192.0.2.10, or 0.0.0.0 for all of the host"
        findings.problem(variable, None, "is missing, and nothing listens that was not asked for", remedy)
        return
    try:
        ipaddress.ip_address(address)
    except ValueError:
        remedy = "Write an address of this host, such as 192.0.2.10, or 0.0.0.0 or :: for all; names go to `names`"
        findings.problem(variable, address, "is not an IP address", remedy)


def _builder(name: str | None, variable: str, builders: Sequence[Mapping[str, t.Any]], findings: Findings) -> str:
    """The name of the served builder, checked."""
    default = [each for each in builders if each.get("default")] or (list(builders) if len(builders) == 1 else [])
    found = next((each for each in builders if each.get("name") == name), None) if name else next(iter(default), None)
    if found is None:
        names = [str(each.get("name")) for each in builders]
        message = "is not one of builder_instances" if name else "is missing, and no builder is the default"
        findings.problem(
            variable, name, message, suggest(name or "", names) if names else "Add it to builder_instances"
        )
        return name or ""
    shown = str(found.get("name"))
    nodes = found.get("nodes") or [{}]
    if found.get("driver", "docker-container") != "docker-container":
        message = f"has the driver {found['driver']}, so there is no BuildKit of it on this host"
        findings.problem(variable, shown, message, "Serve one with the driver docker-container")
    elif all(node.get("endpoint") for node in nodes):
        findings.problem(variable, shown, "has no node on this host", "Serve it where its BuildKit runs")
    _check_entitlements(found, variable, findings)
    return shown


def _check_entitlements(builder: Mapping[str, t.Any], variable: str, findings: Findings) -> None:
    """With security.insecure, each client is root on this host."""
    try:
        allowed = tomllib.loads(builder.get("config") or "").get("insecure-entitlements", [])
    except tomllib.TOMLDecodeError:  # already reported
        return
    given = [*map(str, allowed if isinstance(allowed, list) else []), *map(str, builder.get("flags") or [])]
    if any(_INSECURE in each for each in given):
        message = f"allows {_INSECURE}: each client would be root on this host"
        remedy = "Remove it from the flags, and from insecure-entitlements of the builder, or serve another one"
        findings.problem(variable, builder.get("name"), message, remedy)
