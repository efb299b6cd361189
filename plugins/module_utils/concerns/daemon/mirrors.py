# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirrors, as far as dockerd supports them. Pure.

daemon.json knows mirrors of docker.io alone, and puts a mirror's path before /v2/, where Harbor has nothing
(goharbor/harbor#18807). hosts.toml is for any registry and any path, for the containerd image store and for dockerd's
own BuildKit (`daemon.registry_versions`).
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.registry_versions import (
    asks_for_referrers,
    reads_hosts_toml,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.docker.hub import HUB
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile

# The purpose of mirrors, as rendered by the controller: never pushes.
CAPABILITIES = ("pull", "resolve")
_RENDERED = 'capabilities = ["pull", "resolve"]'
_WITH_REFERRERS = 'capabilities = ["pull", "resolve", "referrers"]'


def for_daemon_json(registries: t.Sequence[Registry]) -> t.List[str]:
    """The URLs for `registry-mirrors`, which every version supports."""
    table = {each.host: each for each in registries}
    hub = table.get(HUB)
    return [_url(mirror, table) for mirror in (hub.mirrors if hub else ()) if "/" not in mirror]


def _url(mirror: str, table: t.Mapping[str, Registry]) -> str:
    entry = table.get(mirror)
    return f"{'http' if entry is not None and entry.http else 'https'}://{mirror}"


def hosts_files(registries: t.Sequence[Registry], engine: t.Optional[str]) -> t.Tuple[WriteFile, ...]:
    """The hosts.toml that the *engine* (its version; None: unknown) reads, with the capabilities it supports."""
    if not reads_hosts_toml(engine):
        return ()
    capabilities = _WITH_REFERRERS if asks_for_referrers(engine) else _RENDERED
    return tuple(
        WriteFile(certs_d.path(each.host, certs_d.HOSTS), each.hosts_toml.replace(_RENDERED, capabilities))
        for each in registries
        if each.hosts_toml
    )


def unusable(registries: t.Sequence[Registry], engine: t.Optional[str], containerd_store: bool) -> t.Tuple[str, ...]:
    """Notes on mirrors that BuildKit uses but this dockerd does not."""
    if reads_hosts_toml(engine) and containerd_store:
        return ()
    notes = []
    for each in registries:
        for mirror in (mirror for mirror in each.mirrors if each.host != HUB or "/" in mirror):
            notes.append(f"mirror {mirror} of {each.host}: BuildKit uses it, {_why(each, engine)}")
    return tuple(notes)


def without_login(registries: t.Sequence[Registry]) -> t.Tuple[str, ...]:
    """Notes on mirrors with a login: dockerd only has the login of the registry in the image reference.

    moby/moby, daemon/containerd/resolver.go, authorizerFromAuthConfig (cfgHost != host), the same in v29.7.2. BuildKit
    asks its client for that of the mirror's own name (moby/buildkit, util/resolver/authorizer.go).
    """
    table = {each.host: each for each in registries}
    return tuple(
        f"mirror {mirror} of {each.host} needs a login (`username` in its entry), which docker itself never sends to a "
        "mirror; builders do"
        for each in registries
        for mirror in each.mirrors
        if (entry := table.get(mirror.partition("/")[0])) is not None and entry.username
    )


def need_system_store(registries: t.Sequence[Registry], engine: t.Optional[str], theirs: t.Sequence[str]) -> bool:
    """Whether this dockerd may only have a mirror's CA from the operating system's store, which it reads once.

    It has all others in certs.d, read for every connection; with a foreign hosts.toml (*theirs*) it does not.
    """
    return any(each.path in theirs for each in hosts_files(registries, engine))


def _why(registry: Registry, engine: t.Optional[str]) -> str:
    if reads_hosts_toml(engine):
        return "`docker pull` needs the containerd image store for it (features.containerd-snapshotter)"
    reason = "puts a path before /v2/" if registry.host == HUB else f"has mirrors of {HUB} only"
    return f"dockerd {engine or ''}".rstrip() + f" {reason} (28.0 and newer can use it)"
