# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One client's connection, in a thread of its own: who it is, whether it may, and then its bytes to BuildKit."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.serve.configuration import Configuration
from ansible_collections.multiarch.builders.plugins.module_utils.serve.relay import Relay
from ansible_collections.multiarch.builders.plugins.module_utils.serve.tls import (
    BrokenError,
    RefusedError,
    Tls,
    farewell,
)

HANDSHAKE = 10.0
"""Seconds that a client has for its handshake."""
# tcp(7), in seconds: a client that is gone without a word is noticed after two minutes.
_ALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4), ("TCP_NODELAY", 1))


@dataclass(frozen=True)
class Who:
    """A client: its *name* in the table, the SHA-256 of its certificate, where it comes from."""

    name: str
    fingerprint: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} ({self.address}, sha256:{self.fingerprint})"


class House(t.Protocol):
    """What a session needs of the server."""

    def admit(self, session: Session, fingerprint: str) -> Who:
        """Count the session in, as that of a client with this certificate. Raises RefusedError."""

    def leave(self, session: Session) -> None:
        """Count it out."""

    def log(self, level: int, words: str) -> None:
        """Write to the journal."""


class Session:
    """The connection of a client from *address*; *backend* is the path of BuildKit's socket."""

    def __init__(
        self, house: House, connection: socket.socket, address: str, configuration: Configuration, backend: str
    ) -> None:
        self.address = address
        self.who: t.Optional[Who] = None
        """Once it is admitted."""
        self._house, self._connection, self._configuration = house, connection, configuration
        self._backend = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._path = backend
        self._why = ""  # it was ended

    def run(self) -> None:
        """Serve it to its end."""
        try:
            self._serve()
        except RefusedError as exc:
            self._house.log(4, f"refused {self.address}: {exc}")
        except Exception as exc:  # one client's trouble is not that of others
            self._house.log(3, f"{self.who or self.address}: {type(exc).__name__}: {exc}")
        finally:
            self._backend.close()
            try:
                farewell(self._connection)
            finally:  # it counts until then: who is refused again and again must not use up threads and descriptors
                self._house.leave(self)

    def end(self, why: str) -> None:
        """Have it ended, from another thread."""
        self._why = why
        for each in (self._connection, self._backend):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _ALIVE:
            self._connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        tls = Tls(self._connection, self._configuration.context)
        certificate = tls.handshake(HANDSHAKE)
        who = self._house.admit(self, hashlib.sha256(certificate).hexdigest())
        try:
            self._backend.connect(self._path)
        except OSError as exc:
            self._house.log(3, f"{who}: BuildKit's socket {self._path} cannot be reached: {exc}")
            return
        self._house.log(6, f"connected: {who}")
        self._relay(Relay(tls, self._backend), who)

    def _relay(self, relay: Relay, who: Who) -> None:
        begin, why = time.monotonic(), ""
        try:
            relay.run()
        except (BrokenError, ConnectionError):
            pass  # as clients end that have read all they want
        except OSError as exc:
            why = str(exc)
        seconds = time.monotonic() - begin
        told = f": {self._why or why}" if self._why or why else ""
        amount = f"after {seconds:.0f} s, {relay.received} bytes received, {relay.sent} sent"
        self._house.log(5 if self._why else 6, f"disconnected: {who} {amount}{told}")
