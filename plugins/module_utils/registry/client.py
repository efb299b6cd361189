# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request to a registry or token endpoint, with the standard library.

TLS and proxies are the same as for dockerd and BuildKit; redirects are not followed.
"""

from __future__ import annotations

import base64
import http.client
import ssl
import typing as t
import urllib.parse
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.host import look, watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy_rules import proxy_for

LONGEST = 65536  # bytes of an answer's body
_PARTIAL_CHAIN = 0x80000  # ssl.VERIFY_X509_PARTIAL_CHAIN, which has a name since Python 3.10


@dataclass(frozen=True)
class Answer:
    """An answer: *headers* by their names in lower case, each with all its values; *body* up to LONGEST bytes."""

    status: int
    reason: str
    headers: t.Mapping[str, t.Tuple[str, ...]]
    body: bytes


def context_for(
    host: str, *, verify: bool = True, has_pair: bool = False, ca: t.Optional[str] = None
) -> ssl.SSLContext:
    """The system's trust store plus *ca* (PEM); *has_pair* loads the client certificate from certs.d.

    The same rules as curl on every Python: neither stricter (3.13), nor refusing intermediate CAs as anchors (older).
    """
    context = ssl.create_default_context()
    context.verify_flags = ssl.VerifyFlags(ssl.VERIFY_X509_TRUSTED_FIRST | _PARTIAL_CHAIN)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if ca:
        context.load_verify_locations(cadata=ca)
    pair = [str(at(certs_d.path(host, name))) for name in (certs_d.CLIENT_CERT, certs_d.CLIENT_KEY)]
    if has_pair and all(map(look.exists, pair)):
        context.load_cert_chain(*pair)
    return context


def connection_to(
    name: str, port: int, context: t.Optional[ssl.SSLContext], proxy: Proxy, timeout: float
) -> http.client.HTTPConnection:
    """A connection that is not open yet, direct or by the proxy for its host; without *context* it has no TLS."""
    url = urllib.parse.urlsplit(proxy_for(proxy, "http" if context is None else "https", name, port) or "")
    host, at = (url.hostname, url.port or 80) if url.hostname else (name, port)
    if context is None:
        return http.client.HTTPConnection(host, at, timeout=timeout)
    connection = http.client.HTTPSConnection(host, at, timeout=timeout, context=context)
    if url.hostname:
        words = ":".join(urllib.parse.unquote(each or "") for each in (url.username, url.password))
        login = {"Proxy-Authorization": f"Basic {base64.b64encode(words.encode()).decode()}"} if url.username else {}
        connection.set_tunnel(name, port, login)
    return connection


def request(
    url: str,
    context: t.Optional[ssl.SSLContext],
    proxy: Proxy,
    timeout: float,
    *,
    method: str = "GET",
    headers: t.Optional[t.Mapping[str, str]] = None,
    body: t.Optional[bytes] = None,
) -> Answer:
    """The answer to one request. Raises OSError (including ssl.SSLError) and http.client.HTTPException."""
    parts = urllib.parse.urlsplit(url)
    watch.spoil(f"{parts.netloc} was contacted")
    name, port = parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
    connection = connection_to(name, port, context if parts.scheme == "https" else None, proxy, timeout)
    path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    through = parts.scheme == "http" and proxy_for(proxy, "http", name, port)
    try:
        given = {"User-Agent": "multiarch.builders", **(headers or {})}
        connection.request(method, url if through else path, body=body, headers=given)
        return answer_of(connection.getresponse())
    finally:
        connection.close()


def answer_of(response: http.client.HTTPResponse) -> Answer:
    """*response* as an Answer."""
    found: t.Dict[str, t.Tuple[str, ...]] = {}
    for key, value in response.getheaders():
        found[key.lower()] = (*found.get(key.lower(), ()), value)
    return Answer(response.status, response.reason, found, response.read(LONGEST))
