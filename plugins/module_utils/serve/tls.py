# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS on a socket that never blocks: ciphertext is kept in memory, so that reading and sending do not wait for another.

Python's own SSLSocket cannot close one direction and go on with the other.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
import typing as t

CHUNK = 256 * 1024
"""Bytes that are taken at a time, and about the most that wait in one direction."""
_RECORD = 16384  # the most that TLS has in one piece
_FAREWELL = 2.0  # seconds for a refused client to read why
_REASONS = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it has no client certificate",
    "UNSUPPORTED_PROTOCOL": "it does not speak TLS 1.3",
    "HTTP_REQUEST": "it does not speak TLS",
    "WRONG_VERSION_NUMBER": "it does not speak TLS",
}


class RefusedError(Exception):
    """The client is not let in; the message says why."""


class BrokenError(Exception):
    """The connection ended without a farewell, or what arrived is not TLS."""


class Tls:
    """The server's side of TLS on a connected *connection*."""

    def __init__(self, connection: socket.socket, context: ssl.SSLContext) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.ended = False
        """Whether the client has said that it sends nothing more."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._unsent = b""
        self._closing = False

    def handshake(self, seconds: float) -> bytes:
        """The client's certificate (DER), once it is verified. Raises RefusedError, also after *seconds*."""
        end = time.monotonic() + seconds
        try:
            while not self._shaken():
                self.send()
                self._await(end)
                self._receive()
            while not self.send():
                self._await(end)
        except (OSError, BrokenError) as exc:  # ssl.SSLError is an OSError
            raise RefusedError(_reason(exc)) from None
        found = self._object.getpeercert(binary_form=True)
        if not found:
            raise RefusedError("it has no client certificate")
        return found

    def _shaken(self) -> bool:
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            self.send()  # the alert
            raise
        return True

    def _await(self, end: float) -> None:
        """Wait until the client has sent something, or takes more of what is not sent."""
        events = select.POLLIN | (select.POLLOUT if self._unsent else 0)
        waiter = select.poll()
        waiter.register(self.connection, events)
        left = end - time.monotonic()
        if left <= 0 or not waiter.poll(left * 1000):
            raise BrokenError("it took too long")

    def _receive(self) -> None:
        try:
            found = self.connection.recv(CHUNK)
        except BlockingIOError:
            return
        if not found:
            raise BrokenError("it closed the connection")
        self._incoming.write(found)

    def read(self) -> bytes:
        """What arrived, b"" if nothing did, or nothing more will: see `ended`. Raises BrokenError, OSError."""
        self._receive()
        return self.arrived()

    def arrived(self) -> bytes:
        """The same without a look at the socket: what came with the end of the handshake is not there any more."""
        found = bytearray()
        try:
            while True:
                part = self._object.read(_RECORD)
                if not part:
                    self.ended = True
                    break
                found += part
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        return bytes(found)

    def write(self, data: bytes) -> None:
        """Have *data* sent."""
        self._object.write(data)

    def close(self) -> None:
        """Have the client told that nothing more is sent."""
        self._closing = True
        with contextlib.suppress(ssl.SSLWantReadError):  # the client's own farewell may come later
            self._object.unwrap()

    def send(self) -> bool:
        """Send as much as is possible now; whether that was all. Raises OSError."""
        while True:
            if not self._unsent:
                self._unsent = self._outgoing.read(CHUNK)
            if not self._unsent:
                break
            try:
                self._unsent = self._unsent[self.connection.send(self._unsent) :]
            except BlockingIOError:
                return False
        if self._closing:
            self._closing = False
            self.connection.shutdown(socket.SHUT_WR)
        return True

    @property
    def waits(self) -> bool:
        """Whether anything is not sent yet."""
        return bool(self._unsent or self._outgoing.pending)


def farewell(connection: socket.socket) -> None:
    """Close *connection* so that the client still reads what was sent: with data unread, the kernel would reset it."""
    end = time.monotonic() + _FAREWELL
    waiter = select.poll()
    waiter.register(connection, select.POLLIN)
    try:
        connection.shutdown(socket.SHUT_WR)
        left = _FAREWELL
        while left > 0 and waiter.poll(left * 1000) and connection.recv(CHUNK):
            left = end - time.monotonic()
    except OSError:
        pass
    connection.close()


def _reason(exc: Exception) -> str:
    """Why a handshake failed, in words."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {exc.verify_message}"
    if isinstance(exc, ssl.SSLError):
        reason = t.cast("t.Optional[str]", exc.reason) or str(exc)
        return _REASONS.get(reason, f"the TLS handshake failed: {reason.lower().replace('_', ' ')}")
    return str(exc)
