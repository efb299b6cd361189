# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which proxy is used for a registry, by the rules of dockerd and BuildKit. Pure.

golang.org/x/net/http/httpproxy, which differs from Python's own rules for networks and for this host's names.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy


def proxy_for(proxy: Proxy, scheme: str, name: str, port: int) -> t.Optional[str]:
    """The URL of the proxy for *name*, with its credentials; None for a direct connection."""
    url = proxy.environment().get(f"{scheme.upper()}_PROXY")
    return None if not url or _is_direct(proxy.no_proxy, name.lower(), port) else url


def is_tunnel(url: t.Optional[str]) -> bool:
    """Whether Python's standard library supports the proxy *url*: none, or one that speaks HTTP."""
    return url is None or url.startswith("http://")


def _is_direct(no_proxy: t.Sequence[str], name: str, port: int) -> bool:
    address = _address(name)
    if name == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(_covers(each.lower(), name, address, port) for each in no_proxy)


_Address = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address, None]


def _covers(entry: str, name: str, address: _Address, port: int) -> bool:
    if entry == "*":
        return True
    host, colon, only = entry.rpartition(":") if entry.count(":") == 1 else (entry, "", "")
    if colon and only != str(port):
        return False
    if address is not None:
        try:
            return address in ipaddress.ip_network(host.strip("[]"), strict=False)
        except ValueError:
            return False
    host = host[1:] if host.startswith("*.") else host
    return name.endswith(host) if host.startswith(".") else name == host or name.endswith(f".{host}")


def _address(name: str) -> _Address:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
