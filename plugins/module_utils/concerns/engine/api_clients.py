# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who on this host speaks to dockerd: programs whose version tells their API, and containers with docker's socket."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.api_floor import (
    BUILDX,
    CLIENTS,
    COMPOSE,
    GITLAB_RUNNER,
    Client,
    Table,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_plugin import FOLDERS, find
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import look, units
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.host.units import DOCKER
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import parse
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON

_KEY = "min-api-version"
_ENVIRONMENT = re.compile(r"(?:^|\s)\"?DOCKER_MIN_API_VERSION=([0-9.]+)")
_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/var/run", "/run")


def lowered(options: t.Mapping[str, t.Any]) -> str:
    """The oldest API by the unit's environment, *options* or daemon.json, "" if none says (daemon/config/config.go)."""
    found = _ENVIRONMENT.search(units.look()[DOCKER].value("Environment"))
    if found:
        return found.group(1)
    return str(options.get(_KEY) or parse(read(DAEMON_JSON), DAEMON_JSON).get(_KEY) or "")


def clients(*, with_client: bool) -> t.Tuple[Client, ...]:
    """The programs in the folders of the system; users' own plugins are not run. *with_client*: docker itself stays."""
    found = []
    client = look.program("docker") if with_client else None
    if client:
        found += _asked("docker", client, CLIENTS, "--version")
    buildx = find()
    if buildx and buildx.version:
        found.append(Client("buildx", buildx.version, buildx.path, BUILDX))
    plugin = next(filter(look.exists, (f"{folder}/docker-compose" for folder in FOLDERS)), None)
    if plugin:
        found += _asked("compose", plugin, COMPOSE, "version", "--short")
    alone = look.program("docker-compose")
    if alone:
        found += _asked("docker-compose", alone, COMPOSE, "version", "--short")
    runner = look.program("gitlab-runner")
    if runner:
        found += _asked("gitlab-runner", runner, GITLAB_RUNNER, "--version")
    return tuple(found)


def with_socket(docker: Docker) -> t.Tuple[str, ...]:
    """The running containers that have docker's socket."""
    return tuple(
        row["Names"][0].lstrip("/")
        for row in docker.get("/containers/json")
        if any(each.get("Source") in _SOCKETS for each in row.get("Mounts") or ())
    )


def _asked(name: str, path: str, table: Table, *arguments: str) -> t.List[Client]:
    """The client at *path*; none if it does not say its version."""
    try:
        said = run([path, *arguments], timeout=60).stdout
    except HostError:
        return []
    found = re.search(r"\bv?([0-9]+\.[0-9]+[^\s,]*)", said)
    return [Client(name, found.group(1), path, table)] if found else []
