# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries and networks that dockerd uses without verified TLS. Pure.

moby/moby, registry/config.go, loadInsecureRegistries, the same from v20.10.24 to v29.7.2.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.loopback import (
    IPV6_LOOPBACK,
    needs_ipv6_loopback,
)


def insecure_notes(
    registries: t.Sequence[Registry], networks: t.Sequence[str], engine: t.Optional[str], containerd_store: bool
) -> t.Tuple[str, ...]:
    """What only dockerd accepts, and what *engine* (its version, None: unknown) speaks HTTP to by default."""
    notes = [
        f"{network} of builder_registries only applies to docker: BuildKit does not support networks, so builders "
        "need each registry in it as a separate entry"
        for network in networks
    ]
    if containerd_store and IPV6_LOOPBACK not in networks:
        notes += [
            f"{each.host}: dockerd {engine} speaks HTTP to it; as 28.0 and newer does by itself, it tries TLS first "
            f"with an entry `{{host: '{IPV6_LOOPBACK}', insecure: true}}` in builder_registries"
            for each in registries
            if not (each.http or each.insecure) and needs_ipv6_loopback(each.host, engine)
        ]
    return tuple(notes)


def as_shown(entry: str) -> str:
    """An entry in normal form: without a scheme, a network without host bits, as `docker info` shows it.

    IPv4 in IPv6 (`::ffff:10.0.0.0/104`) is IPv4 up to 28 (Go's net.IPNet), and stays so since 29 (netip.Prefix).
    """
    text = _without_scheme(entry)
    network = network_of(text)
    return text if network is None else str(network)


def network_of(text: str) -> t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network, None]:
    """The network that *text* is for dockerd; None if it is not one, as for dotted masks and leading zeros."""
    if not re.search(r"/[0-9]+$", text):
        return None
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    mapped = found.network_address.ipv4_mapped if found.version == 6 else None
    if mapped is None or found.prefixlen < 96:
        return found
    return ipaddress.IPv4Network((mapped, found.prefixlen - 96))


def is_no_registry(entry: str) -> bool:
    """Whether dockerd treats *entry* of insecure-registries as neither a network nor a registry."""
    text = _without_scheme(entry)
    return "/" in text and network_of(text) is None


def _without_scheme(entry: str) -> str:
    return re.sub("^https?://", "", entry, flags=re.IGNORECASE)
