# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries and networks that dockerd takes without verified TLS. Pure.

moby/moby, registry/config.go, loadInsecureRegistries, the same from v20.10.24 to v29.7.2.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.loopback import IPV6_LOOPBACK, needs_ipv6_loopback
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Registry


def insecure_notes(
    registries: t.Sequence[Registry], networks: t.Sequence[str], engine: t.Optional[str], containerd_store: bool
) -> t.Tuple[str, ...]:
    """What dockerd alone takes, and what *engine* (its version, None is unknown) speaks HTTP to without being asked."""
    notes = [
        f"{network} of builder_registries is for docker alone: BuildKit knows no networks, so builders need each "
        "registry in it as an entry of its own"
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
    """An entry as `docker info` shows it: without a scheme, a network without the bits of a host (Go's ParseCIDR)."""
    text = re.sub("^https?://", "", entry, flags=re.IGNORECASE)
    try:
        return str(ipaddress.ip_network(text, strict=False)) if "/" in text else text
    except ValueError:
        return text
