# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The address of a registry's server. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.docker.hub import HUB, SERVER


def address_of(host: str, *, http: bool = False) -> t.Tuple[str, int]:
    """Name and port of the server of *host*, `host[:port]` as in image references."""
    if host == HUB:
        return SERVER, 443
    name, port = host, ""
    if not name.endswith("]") and ":" in name:
        name, _colon, port = name.rpartition(":")
    return name.strip("[]"), int(port or (80 if http else 443))


def names_of(host: str, *, http: bool = False) -> t.Tuple[str, ...]:
    """*host* and, if its port is the usual one or none, its other name: the table may have either."""
    usual = ":80" if http else ":443"
    if host.endswith(usual):
        return (host, host[: -len(usual)])
    return (host,) if ":" in host.rpartition("]")[2] else (host, host + usual)


def split_repository(repository: str) -> t.Tuple[str, str]:
    """(registry, name there) of `REGISTRY/PATH` as in image references; Docker Hub's if it has no registry."""
    first, slash, rest = repository.partition("/")
    if slash and (first == "localhost" or any(sign in first for sign in ".:")):
        host, name = first, rest
    else:
        host, name = HUB, repository
    return host, f"library/{name}" if host == HUB and "/" not in name else name
