# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to one registry with a login, as its challenge requires: a password, or a token for a scope.

https://distribution.github.io/distribution/spec/auth/token/ . The login is sent to the registry itself and to its token
endpoint, without TLS only if the table allows it.
"""

from __future__ import annotations

import base64
import ssl
import typing as t
import urllib.parse
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import address_of, names_of
from ansible_collections.multiarch.builders.plugins.module_utils.registry.challenge import (
    BASIC,
    Challenge,
    challenge_in,
)
from ansible_collections.multiarch.builders.plugins.module_utils.registry.client import Answer, context_for, request
from ansible_collections.multiarch.builders.plugins.module_utils.registry.token import token_in

TIMEOUT = 10.0  # seconds for one request


@dataclass
class Session:
    """One registry; *others* of the table may be its token endpoint. Its repr has the password: never print it."""

    registry: Registry
    others: t.Sequence[Registry]
    proxy: Proxy
    username: str = ""
    password: str = ""
    timeout: float = TIMEOUT
    _authorizations: t.Dict[str, str] = field(default_factory=dict)  # by scope

    @property
    def url(self) -> str:
        """The registry's base URL."""
        name, port = address_of(self.registry.host, http=self.registry.http)
        server = f"[{name}]" if ":" in name else name
        return f"{'http' if self.registry.http else 'https'}://{server}:{port}"

    def ask(
        self,
        method: str,
        where: str,
        scope: str,
        *,
        body: t.Optional[bytes] = None,
        headers: t.Optional[t.Mapping[str, str]] = None,
    ) -> Answer:
        """The answer at *where*, a path or a URL, with a token for *scope* if the registry requires one.

        Raises OSError and http.client.HTTPException.
        """
        url = urllib.parse.urljoin(self.url, where)
        ours = _server(url) == _server(self.url)
        if not ours:  # a storage backend for uploads: its URL carries all that it needs
            return self._request(method, url, body, headers or {})
        known = self._authorizations.get(scope)
        answer = self._request(method, url, body, _with(headers, known))
        challenge = challenge_in(answer.headers.get("www-authenticate", ())) if answer.status == 401 else None
        if challenge is None or known is not None:
            return answer
        self._authorizations[scope] = self._authorization(challenge, scope)
        return self._request(method, url, body, _with(headers, self._authorizations[scope]))

    def _authorization(self, challenge: Challenge, scope: str) -> str:
        """The header's value, "" if no credentials are needed."""
        basic = f"Basic {base64.b64encode(f'{self.username}:{self.password}'.encode()).decode()}"
        http = [each.host for each in (self.registry, *self.others) if each.http]
        listed = set(names_of(challenge.token_host, http=True)) & set(http)
        may_read = challenge.is_plain and not self.registry.http and not listed
        login = basic if self.username and not may_read else ""
        if challenge.scheme == BASIC:
            return login
        answer = self._request("GET", challenge.token_url(scope, self.username), None, _with(None, login))
        token = token_in(answer.body) if answer.status == 200 else ""
        return f"Bearer {token}" if token else ""

    def _request(self, method: str, url: str, body: t.Optional[bytes], headers: t.Mapping[str, str]) -> Answer:
        context = self._context(url) if url.startswith("https:") else None
        return request(url, context, self.proxy, self.timeout, method=method, headers=headers, body=body)

    def _context(self, url: str) -> ssl.SSLContext:
        """What is trusted there: the settings of the table, plus the system's store."""
        table = [self.registry, *self.others]
        server = _server(url)
        there = next((each for each in table if _server(replace(self, registry=each).url) == server), None)
        if there is None:
            return context_for(server[1])
        pair = bool(there.client_cert)
        return context_for(there.host, verify=not there.insecure, has_pair=pair, ca=there.ca)


def _with(headers: t.Optional[t.Mapping[str, str]], authorization: t.Optional[str]) -> t.Dict[str, str]:
    return {**(headers or {}), **({"Authorization": authorization} if authorization else {})}


def _server(url: str) -> t.Tuple[str, str, int]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
