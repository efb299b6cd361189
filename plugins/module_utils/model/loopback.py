# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry names that refer to the machine itself, and how Docker's programs treat them. Pure.

- BuildKit and buildx speak HTTP to them, unless buildkitd.toml says `http = false` (moby/buildkit and docker/buildx,
  util/resolver/resolver.go at every version: docker.MatchLocalhost). `docker buildx imagetools` uses the file of the
  first node of its builder (store/storeutil/storeutil.go), so with the builder `default` it never uses TLS there.
- dockerd verifies no certificate of 127.0.0.0/8, whatever is in certs.d, and tries HTTP where there is no TLS; since
  28.0 the same of ::1/128 (registry/config.go). Before, with the containerd image store, it speaks HTTP to [::1] as
  BuildKit does (daemon/daemon.go, RegistryHosts).
- In a container with a network of its own they mean the container.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.model.version import version_of

IPV6_SINCE = (28,)
IPV6_LOOPBACK = "::1/128"


def takes_http(host: str) -> bool:
    """Whether BuildKit and buildx treat *host*, `name[:port]` in lower case, as a registry without TLS.

    containerd/containerd, core/remotes/docker/registry.go, MatchLocalhost, with its blind spots: an address in brackets
    needs a port, unless it is [::1].
    """
    if host == "[::1]":
        return True
    name, port = _split(host)
    if name.startswith("[") and not port:
        return False
    address = _address(name)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return name == "localhost" or (address is not None and address.is_loopback)


def is_loopback(host: str) -> bool:
    """Whether *host* is the machine or container that resolves it: those, and names below localhost (RFC 6761)."""
    return takes_http(host) or _split(host)[0].endswith(".localhost")


def needs_ipv6_loopback(host: str, engine: t.Optional[str]) -> bool:
    """Whether dockerd of that version (None: unknown) speaks HTTP to *host*, a name of ::1, by default."""
    return takes_http(host) and host.startswith("[") and () < version_of(engine or "") < IPV6_SINCE


def _split(host: str) -> t.Tuple[str, str]:
    """(name, port or "")."""
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and not port.endswith("]") else (host, "")


def _address(name: str) -> t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address, None]:
    try:
        return ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return None
