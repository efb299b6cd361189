# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain way: a TLS handshake with the system's trust store, as any program makes it, and GET /v2/."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import ssl
import typing as t
import urllib.parse
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.proof import answers
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import Target
from ansible_collections.multiarch.builders.plugins.module_utils.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.way_out import proxy_for

TIMEOUT = 10.0
_LONGEST = 4096  # bytes of an answer
_PARTIAL_CHAIN = 0x80000  # ssl.VERIFY_X509_PARTIAL_CHAIN, which has a name since Python 3.10
_ENCODING_DER = 2  # _ssl.ENCODING_DER


@dataclass(frozen=True)
class Handshake:
    """What came of it; *chain* are the certificates that the server sent, in DER."""

    outcome: str
    words: str
    chain: t.Tuple[bytes, ...] = ()


def shake(target: Target, proxy: Proxy, timeout: float = TIMEOUT) -> Handshake:
    """Ask the registry."""
    try:
        context = None if target.http else _context(target, not target.insecure)
        return _get(_connection(target, context, proxy, timeout), target, proxy)
    except ssl.SSLCertVerificationError as exc:
        outcome, words = answers.outcome_of_code(exc.verify_code), exc.verify_message
    except (ssl.SSLError, ConnectionResetError) as exc:
        outcome, words = _without_tls(target, proxy, timeout, exc)
    except (OSError, http.client.HTTPException) as exc:
        return Handshake(*_failure(exc, target))
    return Handshake(outcome, words, _unverified_chain(target, proxy, timeout))


def _get(connection: http.client.HTTPConnection, target: Target, proxy: Proxy) -> Handshake:
    try:
        connection.connect()
        chain = _chain_of(connection.sock)
        path = f"http://{target.host}/v2/" if target.http and proxy_for(proxy, "http", *target.address) else "/v2/"
        try:
            connection.request("GET", path, headers={"User-Agent": "multiarch.builders"})
        except OSError:  # closed already; with TLS 1.3 the alert that tells why comes after the handshake
            connection.sock.recv(1)
            raise
        answer = connection.getresponse()
        body = answer.read(_LONGEST)
        words = answers.words_of_status(answer.status, answer.reason, body)
        return Handshake(answers.outcome_of_status(answer.status, body), words, chain)
    finally:
        connection.close()


def _connection(
    target: Target, context: t.Optional[ssl.SSLContext], proxy: Proxy, timeout: float
) -> http.client.HTTPConnection:
    name, port = target.address
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


def _context(target: Target, verify: bool) -> ssl.SSLContext:
    """As curl has it on every Python: neither stricter (3.13) nor without intermediate CAs as anchors (before it)."""
    context = ssl.create_default_context()
    context.verify_flags = ssl.VerifyFlags(ssl.VERIFY_X509_TRUSTED_FIRST | _PARTIAL_CHAIN)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    pair = [certs_d.path(target.host, name) for name in (certs_d.CLIENT_CERT, certs_d.CLIENT_KEY)]
    if target.has_pair and all(map(os.path.exists, pair)):
        context.load_cert_chain(*pair)
    return context


def _without_tls(target: Target, proxy: Proxy, timeout: float, exc: OSError) -> t.Tuple[str, str]:
    """(outcome, words) where no TLS came about, or the server ended it."""
    if isinstance(exc, ssl.SSLError) and answers.wants_certificate(exc.reason):
        return answers.CLIENT_CERTIFICATE, f"the server sent a TLS alert: {exc.reason}"
    name, port = target.address
    plain = Target(f"[{name}]:{port}" if ":" in name else f"{name}:{port}", http=True)
    try:
        _get(_connection(plain, None, proxy, timeout), plain, proxy)
    except (OSError, http.client.HTTPException):
        if isinstance(exc, ssl.SSLError):
            return answers.OTHER, f"TLS failed: {exc.reason or exc.strerror or exc}"
        return _failure(exc, target)
    return answers.NO_TLS, "the server speaks HTTP without TLS"


def _failure(exc: Exception, target: Target) -> t.Tuple[str, str]:
    """(outcome, words) where nothing that could prove trust came back."""
    name, port = target.address
    if isinstance(exc, socket.gaierror):
        return answers.NO_ANSWER, f"the name {name} cannot be resolved: {exc.strerror}"
    if isinstance(exc, socket.timeout):
        return answers.NO_ANSWER, f"{name} port {port}: timed out"
    if isinstance(exc, OSError):
        return answers.NO_ANSWER, f"{name} port {port}: {exc.strerror or exc}"
    return answers.OTHER, f"{name} port {port}: the answer is no HTTP ({type(exc).__name__})"


def _unverified_chain(target: Target, proxy: Proxy, timeout: float) -> t.Tuple[bytes, ...]:
    """The chain of a server that is not trusted, from a connection that carries nothing."""
    try:
        connection = _connection(target, _context(target, False), proxy, timeout)
        try:
            connection.connect()
            return _chain_of(connection.sock)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return ()


def _chain_of(sock: t.Any) -> t.Tuple[bytes, ...]:
    """All that the server sent: by a method since Python 3.13, by its inner object since 3.10, else the first alone."""
    if not isinstance(sock, ssl.SSLSocket):
        return ()
    method = getattr(sock, "get_unverified_chain", None)
    if method is not None:
        return tuple(method())
    inner = getattr(getattr(sock, "_sslobj", None), "get_unverified_chain", None)
    if inner is not None:
        return tuple(each.public_bytes(_ENCODING_DER) for each in inner())
    first = sock.getpeercert(True)
    return (first,) if first else ()
