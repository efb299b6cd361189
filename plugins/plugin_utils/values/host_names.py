# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of registries, ``host[:port]``, of mirrors, ``host[:port][/path]``, and networks of registries: pure text."""

from __future__ import annotations

import ipaddress
import re

from ansible_collections.multiarch.builders.plugins.module_utils.docker.hub import HUB, SERVER

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DNS_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PATH_PART = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*")
# Intended as a network: an IPv4 address, or an IPv6 address with or without brackets, and a slash.
_NETWORK = re.compile(r"(?:[0-9][0-9.]*|\[?(?=[^/]*:[^/]*:)[0-9a-f:.]+\]?)/[0-9.]*", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# docker/buildx, util/confutil/container.go: the folder of a registry's certificates
_NOT_IN_FOLDER = re.compile(r"[^a-zA-Z0-9.-]+")

# Characters of a host: what is added to it in the names of files has to fit into 255.
_LONGEST = 200

HUB_ALIASES = ("hub.docker.com", "index.docker.io", SERVER, "registry.hub.docker.com")


class HostNameError(ValueError):
    """The name is not valid. *remedy* says what to write."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def certificate_folder(host: str) -> str:
    """The folder, below ``certs/``, that buildx makes for *host*'s certificates."""
    return _NOT_IN_FOLDER.sub("_", host)


def _refuse_oddities(text: str) -> None:
    """Raise for problems that hosts and mirrors have in common."""
    if not text:
        raise HostNameError("is empty", "Write host[:port], as in image names")
    if re.search(r"[\s\x00-\x1f\x7f]", text):
        raise HostNameError("has a space or a control character", "Write host[:port] without them")
    if "@" in text:
        raise HostNameError("contains a user name or password", "Use `username` and `password` of the registry")


def check_host(text: str) -> str:
    """*text* as ``host[:port]`` in lower case, as images name the registry. Raises HostNameError."""
    _refuse_oddities(text)
    if _SCHEME.match(text):
        raise HostNameError("has a scheme", "Write host[:port] only, and `http: true` for a registry without TLS")
    if len(text) > _LONGEST:
        raise HostNameError(f"is longer than {_LONGEST} characters", "Use a shorter name for the registry")
    if "/" in text:
        raise HostNameError("has a path", "Write host[:port] only; only mirrors may have a path")
    host, port = _split_port(text)
    if not host.isascii():
        raise HostNameError("is not ASCII, as image names are", f"Write {_ascii(host)}")
    host = host.lower()
    if port is not None and not (re.fullmatch(r"[0-9]{1,5}", port) and 1 <= int(port) <= 65535):
        raise HostNameError(f"has no valid port ({port!r})", "Write a port from 1 to 65535, or none")
    if host.startswith("["):
        _check_ipv6(host)
    elif ":" in host:
        raise HostNameError("has more than one colon", "Write host:port; an IPv6 address in brackets: [::1]:5000")
    elif not _DNS_NAME.fullmatch(host):
        raise HostNameError("is not a host name", "Use letters, digits, '-' and '.' only (image names cannot have '_')")
    if host in HUB_ALIASES or (host == HUB and port is not None and int(port) == 443):
        raise HostNameError("is another name of Docker Hub", f"Write {HUB}, as image names do")
    return host if port is None else f"{host}:{int(port)}"


def _ascii(text: str) -> str:
    """*text* as DNS has it (RFC 3490)."""
    try:
        return text.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return "its form in DNS, xn--…"


def _split_port(text: str) -> tuple[str, str | None]:
    """(host, port or None); a bracketed or bare IPv6 address keeps its colons."""
    if text.startswith("["):
        host, bracket, rest = text.partition("]")
        return (host + bracket, rest[1:]) if rest.startswith(":") else (text, None)
    if text.count(":") == 1:
        host, _colon, port = text.partition(":")
        return host, port
    return text, None


def _check_ipv6(host: str) -> None:
    try:
        if not host.endswith("]") or "%" in host:
            raise ValueError(host)
        ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        raise HostNameError("is not an IPv6 address in brackets", "Write [2001:db8::1]:5000, without a zone") from None


def check_mirror(text: str) -> tuple[str, str]:
    """*text* as (``host[:port]``, ``/path`` or ``''``). Raises HostNameError."""
    _refuse_oddities(text)
    if _SCHEME.match(text):
        bare = _SCHEME.sub("", text)
        raise HostNameError(
            "has a scheme", f"Write {bare}; for a mirror without TLS, add an entry for it with `http: true`"
        )
    name, slash, path = text.partition("/")
    host = check_host(name)
    parts = path.split("/") if slash else []
    if parts and parts[0] == "v2":
        raise HostNameError("has /v2 in its path", "Remove it: BuildKit adds /v2 itself")
    if not all(_PATH_PART.fullmatch(part) for part in parts):
        raise HostNameError(
            "has a path that no image name can have",
            "Write host[:port]/project: lower-case letters, digits, and single '.', '_' or '-' between them",
        )
    return host, slash + path


def looks_like_network(text: str) -> bool:
    """Whether *text* is intended as a network, such as 10.0.0.0/8 or fd00::/8: registries have no path."""
    return _NETWORK.fullmatch(text) is not None


def check_network(text: str) -> str:
    """*text* without the bits of a host, as dockerd shows it. Raises HostNameError.

    dockerd reads it with Go's net.ParseCIDR, which takes no netmask for the length of the prefix.
    """
    remedy = "Write an address and a prefix length, such as 10.0.0.0/8 or fd00::/8"
    try:
        if not re.fullmatch(r"[^/]+/[0-9]{1,3}", text):
            raise ValueError(text)
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise HostNameError("is not a network", remedy) from None
    if isinstance(found, ipaddress.IPv6Network) and found.network_address.ipv4_mapped is not None:
        raise HostNameError("is an IPv4-mapped IPv6 network", "Write it as IPv4, such as 10.0.0.0/8")
    return str(found)
