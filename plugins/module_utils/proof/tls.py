# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain way: a TLS handshake with the system's trust store, as any program makes it, and GET /v2/."""

from __future__ import annotations

import http.client
import socket
import ssl
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.proof import answers
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import Target
from ansible_collections.multiarch.builders.plugins.module_utils.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.registry import client
from ansible_collections.multiarch.builders.plugins.module_utils.registry.challenge import Challenge, challenge_in
from ansible_collections.multiarch.builders.plugins.module_utils.way_out import proxy_for

TIMEOUT = 10.0
_ENCODING_DER = 2  # _ssl.ENCODING_DER


@dataclass(frozen=True)
class Handshake:
    """What came of it; *chain* is what the server sent, in DER, *challenge* how it wants its clients to log in."""

    outcome: str
    words: str
    chain: t.Tuple[bytes, ...] = ()
    challenge: t.Optional[Challenge] = None


def shake(target: Target, proxy: Proxy, timeout: float = TIMEOUT) -> Handshake:
    """Ask the registry."""
    try:
        return _get(_connection(target, proxy, timeout, verify=not target.insecure), target, proxy)
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
        answer = client.answer_of(connection.getresponse())
        words = answers.words_of_status(answer.status, answer.reason, answer.body)
        challenge = challenge_in(answer.headers.get("www-authenticate", ())) if answer.status == 401 else None
        return Handshake(answers.outcome_of_status(answer.status, answer.body), words, chain, challenge)
    finally:
        connection.close()


def _connection(target: Target, proxy: Proxy, timeout: float, *, verify: bool) -> http.client.HTTPConnection:
    context = None if target.http else client.context_for(target.host, verify=verify, has_pair=target.has_pair)
    return client.connection_to(*target.address, context, proxy, timeout)


def _without_tls(target: Target, proxy: Proxy, timeout: float, exc: OSError) -> t.Tuple[str, str]:
    """(outcome, words) where no TLS came about, or the server ended it."""
    if isinstance(exc, ssl.SSLError) and answers.wants_certificate(exc.reason):
        return answers.CLIENT_CERTIFICATE, f"the server sent a TLS alert: {exc.reason}"
    name, port = target.address
    plain = Target(f"[{name}]:{port}" if ":" in name else f"{name}:{port}", http=True)
    try:
        _get(_connection(plain, proxy, timeout, verify=False), plain, proxy)
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
        connection = _connection(target, proxy, timeout, verify=False)
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
