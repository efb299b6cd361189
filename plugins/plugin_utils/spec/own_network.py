# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries on the host's own loopback, and builders in their own network, which have another loopback. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ansible_collections.multiarch.builders.plugins.module_utils.model.loopback import is_loopback
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

Entry = Mapping[str, t.Any]


def check_loopback(instances: Sequence[Entry], registries: Sequence[Entry], variable: str, findings: Findings) -> None:
    """Warn of each builder for which loopback names in the table mean its own container, or another machine."""
    used = [name for entry in registries for name in (entry["host"], *_hosts(entry["mirrors"]))]
    local = [name for name in dict.fromkeys(used) if is_loopback(name)]
    for index, instance in enumerate(instances) if local else ():
        place = _elsewhere(instance)
        if place:
            message = f"for the builder, {', '.join(local)} is {place[0]}, not this host"
            findings.warn(f"{variable}[{index}]", f"{message}: {place[1]}")


def _hosts(mirrors: Sequence[str]) -> list[str]:
    return [mirror.partition("/")[0] for mirror in mirrors]


def _elsewhere(instance: Entry) -> tuple[str, str] | None:
    """(what loopback is to the builder, what to do about it), None if it is the host's."""
    name = "use a name that other machines can resolve"
    driver = instance.get("driver", "docker-container")
    if driver != "docker-container":
        return "where its buildkitd runs", name
    options = instance.get("driver_opts", {})
    nodes = instance.get("nodes") or [{}]
    if any({**options, **node.get("driver_opts", {})}.get("network") != "host" for node in nodes):
        return "its own container", f"set `driver_opts: {{network: host}}`, or {name}"
    return ("the machine of each node", name) if any(node.get("endpoint") for node in nodes) else None
