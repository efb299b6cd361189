# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files make a host trust its registries, and where its logins are stored. Pure.

dockerd: https://docs.docker.com/engine/security/certificates/ . The operating system's store too: buildx fetches tokens
with it, and newer engines connect to mirrors with it.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.docker.hub import HUB, LOGIN
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import Store, blocks
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner, WriteFile

PREFIX = "multiarch-builders-"


@dataclass(frozen=True)
class Login:
    """The step that logs *user* in to *registry*. Its repr holds the password: never print it."""

    user: str
    registry: Registry


@dataclass(frozen=True)
class Place:
    """Where a login of *user* to *server* is stored: in a credential *helper*, or in config.json (None)."""

    user: str
    server: str
    helper: t.Optional[str]


@dataclass(frozen=True)
class Logout:
    """The step that drops a managed login from the record and, if it is unchanged, removes it."""

    place: Place
    ours: bool


def server(registry: Registry) -> str:
    """The registry's key in config.json."""
    return LOGIN if registry.host == HUB else registry.host


def host_of(key: str) -> str:
    """The usual name of the registry with this key in config.json."""
    return HUB if key == LOGIN else key


def left_out(registries: t.Sequence[Registry], store: Store) -> t.Tuple[str, ...]:
    """Notes on certificates that this store does not accept."""
    return tuple(
        f"`ca` of {each.host} has a certificate that is no CA of servers, which {store.refresh[0]} does not take: "
        "docker and builders trust it, docker buildx imagetools and other programs of this host do not"
        for each in registries
        if not all(map(store.takes, blocks(each.ca or "")))
    )


def daemon_files(
    registries: t.Sequence[Registry], root: str = certs_d.ROOT, owner: t.Optional[Owner] = None
) -> t.Tuple[WriteFile, ...]:
    """The CA and the client's pair of each registry, for the dockerd that reads *root*; *owner* is set for a user's."""
    found = []
    for each in registries:
        if each.ca:
            found.append(WriteFile(certs_d.path(each.host, certs_d.CA, root), each.ca, owner=owner))
        if each.client_cert and each.client_key:
            certificate, key = (
                certs_d.path(each.host, name, root) for name in (certs_d.CLIENT_CERT, certs_d.CLIENT_KEY)
            )
            found.append(WriteFile(certificate, each.client_cert, owner=owner))
            found.append(WriteFile(key, each.client_key, mode=0o600, owner=owner))
    return tuple(found)


def store_files(registries: t.Sequence[Registry], store: Store) -> t.Tuple[WriteFile, ...]:
    """One certificate per file, as update-ca-certificates requires."""
    found = []
    for each in registries:
        name = re.sub(r"[^a-z0-9.-]+", "_", each.host)
        parts = list(filter(store.takes, blocks(each.ca or "")))
        for number, pem in enumerate(parts, start=1):
            part = f"-{number}" if len(parts) > 1 else ""
            found.append(WriteFile(f"{store.anchors}/{PREFIX}{name}{part}{store.suffix}", pem))
    return tuple(found)


def missing_from(bundle: str, wanted: t.Sequence[WriteFile]) -> t.Tuple[str, ...]:
    """The paths of CAs that are not in the system's bundle yet."""
    return tuple(each.path for each in wanted if each.content.strip() not in bundle)
