# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS handshake with the system's trust store, as any program makes it, and one GET, of /v2/ by default."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy_rules import proxy_for
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import Target
from ansible_collections.multiarch.builders.plugins.module_utils.registry import client
from ansible_collections.multiarch.builders.plugins.module_utils.registry.challenge import (
    Challenge,
    challenge_in,
    error_in,
)
from ansible_collections.multiarch.builders.plugins.module_utils.registry.clocks import Clocks, clocks_of

TIMEOUT = 10.0
_ENCODING_DER = 2  # _ssl.ENCODING_DER


@dataclass(frozen=True)
class Handshake:
    """The result; *chain* is what the server sent, in DER, *challenge* is how it requires clients to log in.

    *status* is 0 without an answer, *error* is what is wrong with the token that was sent. *body* may hold a token.
    """

    outcome: str
    words: str
    chain: t.Tuple[bytes, ...] = ()
    challenge: t.Optional[Challenge] = None
    status: int = 0
    error: str = ""
    body: bytes = field(default=b"", repr=False)
    clocks: t.Optional[Clocks] = None


def shake(
    target: Target, proxy: Proxy, timeout: float = TIMEOUT, *, path: str = "/v2/", authorization: str = ""
) -> Handshake:
    """Query the server of *target*. *authorization* is only sent to a trusted server, in the same request."""
    try:
        connection = _connection(target, proxy, timeout, verify=not target.insecure)
        return _get(connection, target, proxy, path, authorization)
    except ssl.SSLCertVerificationError as exc:
        outcome, words = outcomes.outcome_of_code(exc.verify_code), exc.verify_message
    except (ssl.SSLError, ConnectionResetError) as exc:
        outcome, words = _without_tls(target, proxy, timeout, exc)
    except (OSError, http.client.HTTPException, ValueError) as exc:
        return Handshake(*_failure(exc, target))
    about_time = outcome in (outcomes.EXPIRED, outcomes.NOT_YET_VALID)
    chain, clocks = _unverified(target, proxy, timeout, with_clock=about_time)
    return Handshake(outcome, words, chain, clocks=clocks)


def _get(
    connection: http.client.HTTPConnection, target: Target, proxy: Proxy, path: str = "/v2/", authorization: str = ""
) -> Handshake:
    headers = {"User-Agent": "multiarch.builders", **({"Authorization": authorization} if authorization else {})}
    try:
        connection.connect()
        chain = _chain_of(connection.sock)
        through = target.http and proxy_for(proxy, "http", *target.address)
        try:
            connection.request("GET", f"http://{target.host}{path}" if through else path, headers=headers)
        except OSError:  # closed already; with TLS 1.3 the alert with the reason follows the handshake
            connection.sock.recv(1)
            raise
        answer = client.answer_of(connection.getresponse())
        wanted = answer.headers.get("www-authenticate", ()) if answer.status == 401 else ()
        return Handshake(
            outcomes.outcome_of_status(answer.status, answer.body),
            outcomes.words_of_status(answer.status, answer.reason, answer.body),
            chain,
            challenge_in(wanted),
            answer.status,
            error_in(wanted),
            answer.body,
            _clocks(answer),
        )
    finally:
        connection.close()


def _clocks(answer: client.Answer) -> t.Optional[Clocks]:
    return clocks_of(next(iter(answer.headers.get("date", ())), ""), time.time())


def _connection(target: Target, proxy: Proxy, timeout: float, *, verify: bool) -> http.client.HTTPConnection:
    context = None if target.http else client.context_for(target.host, verify=verify, has_pair=target.has_pair)
    return client.connection_to(*target.address, context, proxy, timeout)


def _without_tls(target: Target, proxy: Proxy, timeout: float, exc: OSError) -> t.Tuple[str, str]:
    """(outcome, message) if TLS failed, or the server ended it."""
    if isinstance(exc, ssl.SSLError) and outcomes.wants_certificate(exc.reason):
        return outcomes.CLIENT_CERTIFICATE, f"the server sent a TLS alert: {exc.reason}"
    name, port = target.address
    plain = Target(f"[{name}]:{port}" if ":" in name else f"{name}:{port}", http=True)
    try:
        told = _get(_connection(plain, proxy, timeout, verify=False), plain, proxy).outcome
    except (OSError, http.client.HTTPException):
        told = outcomes.NO_ANSWER
    if told not in (outcomes.NO_ANSWER, outcomes.TLS_WANTED):
        return outcomes.NO_TLS, "the server speaks HTTP without TLS"
    if isinstance(exc, ssl.SSLError):
        return outcomes.OTHER, f"TLS failed: {exc.reason or exc.strerror or exc}"
    return _failure(exc, target)


def _failure(exc: Exception, target: Target) -> t.Tuple[str, str]:
    """(outcome, message) if there was no answer that could prove trust."""
    name, port = target.address
    if isinstance(exc, socket.gaierror):
        return outcomes.NO_ANSWER, f"the name {name} cannot be resolved: {exc.strerror}"
    if isinstance(exc, socket.timeout):
        return outcomes.NO_ANSWER, f"{name} port {port}: timed out"
    if isinstance(exc, OSError):
        return outcomes.NO_ANSWER, f"{name} port {port}: {exc.strerror or exc}"
    if isinstance(exc, ValueError):  # such as an invalid host name from a registry
        return outcomes.OTHER, f"{name} port {port}: cannot be reached ({type(exc).__name__})"
    return outcomes.OTHER, f"{name} port {port}: the answer is not HTTP ({type(exc).__name__})"


def _unverified(
    target: Target, proxy: Proxy, timeout: float, *, with_clock: bool
) -> t.Tuple[t.Tuple[bytes, ...], t.Optional[Clocks]]:
    """The chain of an untrusted server, and its clock, from a connection without secrets."""
    chain: t.Tuple[bytes, ...] = ()
    try:
        connection = _connection(target, proxy, timeout, verify=False)
        try:
            connection.connect()
            chain = _chain_of(connection.sock)
            if not with_clock:
                return chain, None
            connection.request("GET", "/v2/", headers={"User-Agent": "multiarch.builders"})
            return chain, _clocks(client.answer_of(connection.getresponse()))
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return chain, None


def _chain_of(sock: t.Any) -> t.Tuple[bytes, ...]:
    """All that the server sent: by a method since Python 3.13, by an inner object since 3.10, else only the first."""
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
