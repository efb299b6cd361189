# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Caches that no builder uses any more: volumes of unspecified containers. They are reported, never removed."""

from __future__ import annotations

import json
import typing as t
import urllib.parse

from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import BUILDER_PREFIX
from ansible_collections.multiarch.builders.plugins.module_utils.model import human_size
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

_SUFFIX = "_state"  # docker/buildx, driver/docker-container/driver.go

UNKNOWN = "of unknown size"


def notes_on(docker: Docker, known: t.Iterable[str]) -> t.List[str]:
    """A note for each volume of a builder that is neither *known* (names of containers) nor that of a container."""
    query = urllib.parse.quote(json.dumps({"name": [BUILDER_PREFIX]}))
    names = [each["Name"] for each in docker.get(f"/volumes?filters={query}").get("Volumes") or ()]
    names = [name for name in names if name.startswith(BUILDER_PREFIX) and name.endswith(_SUFFIX)]
    used = {f"{name}{_SUFFIX}" for name in known}
    idle = [name for name in names if name not in used and docker.find(_container(name)) is None]
    found = sizes(docker) if idle else {}
    return [
        f"volume {name} ({found.get(name, UNKNOWN)}) is an unused build cache: `docker volume rm {name}` removes it"
        for name in idle
    ]


def _container(volume: str) -> str:
    return f"/containers/{volume[: -len(_SUFFIX)]}/json"


def sizes(docker: Docker) -> t.Dict[str, str]:
    """{volume: its size as text}, as far as dockerd reports it."""
    try:
        volumes = docker.get("/system/df?type=volume").get("Volumes") or ()
    except HostError:  # the size is optional
        return {}
    return {
        each["Name"]: human_size.shown(each["UsageData"]["Size"])
        for each in volumes
        if (each.get("UsageData") or {}).get("Size", -1) >= 0
    }
