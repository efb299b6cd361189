# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy and the name servers: checked here, used by dockerd, BuildKit and RUN steps."""

from __future__ import annotations

import ipaddress
import re
import typing as t
import urllib.parse
from collections.abc import Mapping, Sequence

from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

_SCHEMES = ("http", "https", "socks5")  # golang.org/x/net/http/httpproxy


def check_proxy(proxy: Mapping[str, t.Any], variable: str, findings: Findings) -> None:
    """Note what is wrong with the mapping *proxy*."""
    for key in ("http", "https"):
        if proxy.get(key) is not None:
            _check_url(proxy[key], f"{variable}.{key}", findings)
    for index, name in enumerate(proxy.get("no_proxy") or []):
        if name is not None and not re.fullmatch(r"[^\s,/]+(/\d+)?", name):
            remedy = "Write one host, .domain, address or network per entry"
            findings.problem(f"{variable}.no_proxy[{index}]", name, "is not the name of a host or network", remedy)
        elif name is not None and _is_pattern(name):
            message = "is a pattern that docker, buildx and BuildKit do not support: all of it would use the proxy"
            findings.problem(f"{variable}.no_proxy[{index}]", name, message, _instead(name))
    for one, other in (("username", "password"), ("password", "username")):
        if proxy.get(one) and not proxy.get(other):
            findings.problem(f"{variable}.{other}", None, f"is missing, but `{one}` is given", "Set both or neither")
    addressed = proxy.get("http") or proxy.get("https")
    if not addressed and any(proxy.get(key) for key in ("no_proxy", "username")):
        findings.problem(variable, None, "names no proxy", "Set `https`, and `http` if there is one, or remove all")
    elif addressed and not proxy.get("https"):
        findings.warn(variable, "has no `https`: registries are reached without the proxy")


def _is_pattern(name: str) -> bool:
    """Whether a star is where Go's programs know none: alone, or as `*.domain` (golang.org/x/net, httpproxy)."""
    return "*" in (name[2:] if name.startswith("*.") else "" if name == "*" else name)


def _instead(name: str) -> str:
    """The network or domain that a pattern probably means."""
    octets = name.rstrip("*.").split(".")
    if re.fullmatch(r"(\d{1,3}\.){1,3}\*(\.\*)*", name) and all(int(each) <= 255 for each in octets):
        address = ".".join([*octets, "0", "0", "0"][:4])
        return f"Write the network: {address}/{8 * len(octets)}"
    if re.fullmatch(r"\*[a-z0-9-]+(\.[a-z0-9-]+)+", name, re.IGNORECASE):
        return f"Write a domain, which includes its subdomains: {name[1:]}"
    return "Write hosts, .domains, addresses or networks such as 10.0.0.0/8"


def _check_url(text: str, variable: str, findings: Findings) -> None:
    try:
        parts = urllib.parse.urlsplit(text)
        known = parts.scheme in _SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known or re.search(r"[\s\x00-\x1f\x7f]", text):
        findings.problem(variable, text, "is not the URL of a proxy", "Write it as http://proxy.example.com:3128")
    elif "@" in parts.netloc:
        findings.problem(variable, text, "contains a user name or password", "Put them into `username` and `password`")
    elif parts.path not in ("", "/") or parts.query or parts.fragment:
        findings.problem(variable, text, "has more than scheme, host and port", "Write http://proxy.example.com:3128")


def check_dns(servers: Sequence[str | None], variable: str, findings: Findings) -> None:
    """Report invalid addresses of name servers."""
    for index, text in enumerate(servers):
        if text is None:  # of the wrong type, already reported
            continue
        try:
            if "%" in text:  # a zone is an interface of one host, and means nothing in a container
                raise ValueError(text)
            loopback = ipaddress.ip_address(text).is_loopback
        except ValueError:
            remedy = "Write an address without a zone: resolving a name would need a name server"
            findings.problem(f"{variable}[{index}]", text, "is not an IP address", remedy)
            continue
        if loopback:
            remedy = "Write the address of a name server that containers can reach"
            findings.problem(f"{variable}[{index}]", text, "is the loopback address of each container", remedy)
