# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The builders of this host that are in docker's default network, and what that network lacks."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.container import condition, plain
from ansible_collections.multiarch.builders.plugins.module_utils.docker import default_network
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import (
    REMEDY,
    STARTED_WITHOUT,
    DefaultNetwork,
    of_document,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import parse
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Effects

_BRIDGE = "bridge"


def uses_default(wanted: Instance) -> bool:
    """Whether a container of the builder on this host is in docker's default network. Pure."""
    options = [{**wanted.driver_opts, **node.driver_opts} for node in wanted.nodes if node.local]
    networks = [plain("network", each.get("network") or _BRIDGE) for each in options]
    return wanted.driver == "docker-container" and _BRIDGE in networks


def observe(instances: t.Iterable[Instance], docker: t.Optional[Docker]) -> DefaultNetwork:
    """The network of the running *docker*; without it, by daemon.json. Queried only if a builder uses it."""
    if not any(map(uses_default, instances)):
        return DefaultNetwork()
    if docker is not None:
        return default_network.of_engine(docker)
    found = of_document(parse(read(DAEMON_JSON), DAEMON_JSON, marked=True))
    return replace(found, forwarded=found.forwarded or default_network.kernel_forwards())


def then(now: DefaultNetwork, effects: Effects) -> DefaultNetwork:
    """The network after *effects*. Pure."""
    coming = next((each for each in effects if isinstance(each, DefaultNetwork)), None)
    return now if coming is None else replace(coming, forwarded=coming.forwarded or now.forwarded)


def require(instances: t.Iterable[Instance], network: DefaultNetwork) -> None:
    """Raise HostError for builders that would have no network. Pure."""
    names = [each.name for each in instances if uses_default(each)]
    if names and not network.there:
        what = f"builder {', '.join(names)} is in docker's default network"
        raise HostError(what, network.fault, f"{REMEDY[0].upper()}{REMEDY[1:]}")


def notes(instances: t.Iterable[Instance], network: DefaultNetwork) -> t.List[str]:
    """Notes on builders that need the administrator to provide their connectivity. Pure."""
    if not network.there or not network.fault:
        return []
    return [f"builder {each.name}: {network.fault}; else {REMEDY}" for each in instances if uses_default(each)]


def fault_of(container: str, docker: Docker) -> str:
    """Why the container of this name on this host has no connectivity; "" if it has, or that is unknown."""
    shown = docker.find(f"/containers/{container}/json")
    if shown is None or plain("network", shown["HostConfig"].get("NetworkMode") or "default") != _BRIDGE:
        return ""
    if condition(shown).severed:
        return f"its container {STARTED_WITHOUT}"
    return default_network.of_engine(docker).fault
