# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries bytes between a client and BuildKit, both ways, until both have said that nothing more comes."""

from __future__ import annotations

import contextlib
import select
import socket
import time
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.serve.tls import CHUNK, Tls

_LINGER = 5.0  # seconds for a client to end when BuildKit has
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


class Relay:
    """Between *tls*, after its handshake, and a connected *backend*: neither is read faster than the other takes."""

    def __init__(self, tls: Tls, backend: socket.socket) -> None:
        backend.setblocking(False)
        self.received = self.sent = 0
        """Bytes from and to the client, without those of TLS."""
        self._tls, self._backend = tls, backend
        self._waiting = b""  # for the backend
        self._told = False  # the backend, that the client has ended
        self._ended = False  # nothing more comes from the backend
        self._deaf = False  # and it takes nothing more
        self._hung_up: t.Set[int] = set()  # descriptors whose hang-up is known, and would be told again and again
        self._waiter = select.poll()

    def run(self) -> None:
        """Return when all is done. Raises BrokenError or OSError if the client is gone without a farewell."""
        self._take(self._tls.arrived())
        self._to_backend()
        end: t.Optional[float] = None
        while not self._done():
            self._watch(self._tls.connection, self._client_events())
            self._watch(self._backend, self._backend_events())
            if self._ended and self._deaf and end is None:
                end = time.monotonic() + _LINGER
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return  # the client had time enough
            found = dict(self._waiter.poll(None if left is None else left * 1000))
            self._turn(found.get(self._tls.connection.fileno(), 0), found.get(self._backend.fileno(), 0))

    def _done(self) -> bool:
        taken = self._tls.ended and (self._told or self._deaf)
        return taken and self._ended and not self._tls.waits

    def _watch(self, connection: socket.socket, events: int) -> None:
        if events or connection.fileno() not in self._hung_up:
            self._waiter.register(connection, events)
        else:
            with contextlib.suppress(KeyError):
                self._waiter.unregister(connection)

    def _client_events(self) -> int:
        reads = not self._tls.ended and (len(self._waiting) < CHUNK or self._deaf)
        return (select.POLLIN if reads else 0) | (select.POLLOUT if self._tls.waits else 0)

    def _backend_events(self) -> int:
        reads = not self._ended and not self._tls.waits
        return (select.POLLIN if reads else 0) | (select.POLLOUT if self._waiting else 0)

    def _turn(self, client: int, backend: int) -> None:
        """After these events. A hang-up alone says nothing about what is still to be read."""
        if client & select.POLLIN:
            self._take(self._tls.read())
        if backend & select.POLLIN:
            self._from_backend()
        if client & _GONE:
            self._hung_up.add(self._tls.connection.fileno())
        if backend & _GONE:
            self._hung_up.add(self._backend.fileno())
            self._deaf, self._waiting = True, b""
        self._to_backend()
        self._tls.send()

    def _take(self, found: bytes) -> None:
        """From the client."""
        self.received += len(found)
        if not self._deaf:
            self._waiting += found

    def _from_backend(self) -> None:
        try:
            found = self._backend.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            found = b""
        if found:
            self.sent += len(found)
            self._tls.write(found)
        elif not self._ended:
            self._ended = True
            self._tls.close()

    def _to_backend(self) -> None:
        if self._deaf or self._told:
            return
        try:
            if self._waiting:
                self._waiting = self._waiting[self._backend.send(self._waiting) :]
            if self._tls.ended and not self._waiting:
                self._told = True
                self._backend.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            return
        except OSError:
            self._deaf, self._waiting = True, b""
