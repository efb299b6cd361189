# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a registry requires clients to log in: its answer to GET /v2/ without a login. Pure.

https://distribution.github.io/distribution/spec/auth/token/ ; of several challenges, a token is preferred to a
password, as in containerd (core/remotes/docker/auth/parse.go), whose code Docker and BuildKit use.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse
from dataclasses import dataclass

BASIC, BEARER = "basic", "bearer"
_USUAL = {"https": 443, "http": 80}

_SCHEME = re.compile(r"\s*([\w!#$%&'*+.^`|~-]+)\s*")
_PARAMETER = re.compile(r'([\w!#$%&\'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&\'*+.^`|~-]*))\s*(?:,\s*|$)')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Challenge:
    """*scheme* is BASIC or BEARER; bearer tokens are for *service* and issued by *realm*, a URL."""

    scheme: str
    realm: str = ""
    service: str = ""

    @property
    def token_host(self) -> str:
        """The token endpoint as `host[:port]`, in the form of the table of registries; "" if there is none."""
        if self.scheme != BEARER:
            return ""
        url = urllib.parse.urlsplit(self.realm)
        name = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname or ""
        return name if url.port in (None, _USUAL[url.scheme]) else f"{name}:{url.port}"

    @property
    def is_plain(self) -> bool:
        """Whether the token endpoint has no TLS, so that requests can be read on the network."""
        return self.scheme == BEARER and self.realm.lower().startswith("http:")

    def token_url(self, scope: str = "", account: str = "") -> str:
        """The URL of a token for GET; for *scope* ("repository:NAME:pull"), without one for a login."""
        asked = {"service": self.service, "scope": scope, "account": account}
        query = urllib.parse.urlencode({name: value for name, value in asked.items() if value})
        url = urllib.parse.urlsplit(self.realm)
        return urllib.parse.urlunsplit(url._replace(query="&".join(filter(None, (url.query, query)))))


def challenge_in(headers: t.Sequence[str]) -> t.Optional[Challenge]:
    """The challenge that clients use among the values of WWW-Authenticate, None if they support none of them."""
    found = [each for each in map(_parse, headers) if each is not None]
    return next((each for each in found if each.scheme == BEARER), found[0] if found else None)


def error_in(headers: t.Sequence[str]) -> str:
    """What is wrong with the token that was sent, by RFC 6750, 3.1, such as `invalid_token`; "" if not stated."""
    told = (_parameters(each) for each in headers)
    return next((each["error"] for scheme, each in told if scheme == BEARER and each.get("error")), "")


def _parse(header: str) -> t.Optional[Challenge]:
    scheme, parameters = _parameters(header)
    if scheme == BASIC:
        return Challenge(BASIC)
    realm = parameters.get("realm", "")
    if scheme != BEARER or not _is_address(realm):
        return None
    return Challenge(BEARER, realm, parameters.get("service", ""))


def _parameters(header: str) -> t.Tuple[str, t.Dict[str, str]]:
    """(scheme in lower case, {name in lower case: value}) of a challenge."""
    start = _SCHEME.match(header)
    if start is None:
        return "", {}
    parameters: t.Dict[str, str] = {}
    rest = header[start.end() :]
    while True:
        found = _PARAMETER.match(rest)
        if found is None:
            return start.group(1).lower(), parameters
        quoted = found.group(2)
        parameters[found.group(1).lower()] = found.group(3) if quoted is None else _ESCAPED.sub(r"\1", quoted)
        rest = rest[found.end() :]


def _is_address(realm: str) -> bool:
    try:
        url = urllib.parse.urlsplit(realm)
        return url.scheme in _USUAL and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:  # an invalid port, an unbalanced bracket
        return False
