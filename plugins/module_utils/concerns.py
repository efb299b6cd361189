# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The concerns in their order, each with the resource that its options make."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.resource import Binfmt
from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.source import (
    ImageSource,
    PackageSource,
    Source,
)
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.resource import Buildx
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.settings import patch_of
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.resource import Daemon
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.engine.decide import Plugin
from ansible_collections.multiarch.builders.plugins.module_utils.engine.resource import Engine
from ansible_collections.multiarch.builders.plugins.module_utils.gc import gc_of
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Resource
from ansible_collections.multiarch.builders.plugins.module_utils.spec import (
    Params,
    disruption_of,
    instances_of,
    proxy_of,
    registries_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.trust.resource import Trust


def resource_for(concern: str, params: Params, docker: Docker) -> Resource[t.Any]:
    """The resource of *concern* with the module's parameters."""
    return _MAKERS[concern](params, docker)


def _engine(params: Params, docker: Docker) -> Resource[t.Any]:
    given = {name: value for name, value in (params["buildx_plugin"] or {}).items() if value is not None}
    return Engine(
        builders="buildx" in params["concerns"] and bool(params["instances"]),
        docker=docker,
        distro=params["engine"] == "distro",
        plugin=Plugin(**given) if given else None,
        proxy=proxy_of(params),
    )


def _trust(params: Params, _docker: Docker) -> Resource[t.Any]:
    return Trust(registries_of(params), tuple(params["users"]))


def _daemon(params: Params, docker: Docker) -> Daemon:
    return Daemon(
        registries=registries_of(params),
        proxy=proxy_of(params),
        dns=tuple(params["dns"]),
        options=params["daemon_options"],
        disruption=disruption_of(params),
        allow_image_store_switch=params["allow_image_store_switch"],
        docker=docker,
        gc=gc_of(params),
    )


def _binfmt(params: Params, docker: Docker) -> Resource[t.Any]:
    source: Source = PackageSource()
    if params["binfmt_source"] == "image":
        source = ImageSource(params["binfmt_image"], params["binfmt_archive"], registries_of(params), docker)
    return Binfmt(tuple(params["platforms"]), source, params["binfmt_takeover"])


def _buildx(params: Params, docker: Docker) -> Resource[t.Any]:
    patch = patch_of(proxy_of(params), params["client_options"])
    return Buildx(
        instances=instances_of(params),
        users=tuple(params["users"]),
        client_patch=patch,
        disruption=disruption_of(params),
        docker=docker,
        environment_file=params["environment_file"],
        docker_group=params["docker_group"],
    )


_MAKERS: t.Dict[str, t.Callable[[Params, Docker], Resource[t.Any]]] = {
    "engine": _engine,
    "trust": _trust,
    "daemon": _daemon,
    "binfmt": _binfmt,
    "buildx": _buildx,
}
