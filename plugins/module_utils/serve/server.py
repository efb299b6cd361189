# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server: who is connected, the limits, and what a reload changes."""

from __future__ import annotations

import collections
import os
import socket
import threading
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import CONNECTIONS
from ansible_collections.multiarch.builders.plugins.module_utils.serve.configuration import Configuration
from ansible_collections.multiarch.builders.plugins.module_utils.serve.session import Session, Who
from ansible_collections.multiarch.builders.plugins.module_utils.serve.tls import RefusedError

_STDERR = 2


class Limits(t.NamedTuple):
    """How many connections there may be: of all clients, of one, in their handshake, and of these from one address.

    A `docker buildx build` has up to three.
    """

    connections: int = CONNECTIONS
    of_client: int = 64
    handshakes: int = 64
    of_address: int = 16


class Server:
    """Serves connections with *configuration*; *backend* is the path of BuildKit's socket."""

    def __init__(self, configuration: Configuration, backend: str, limits: Limits = Limits()) -> None:  # noqa: B008  # it does not change
        self._configuration, self._backend, self._limits = configuration, backend, limits
        self._sessions: t.Set[Session] = set()
        self._lock = threading.Lock()

    def accept(self, listener: socket.socket) -> None:
        """Take one connection of *listener*, which does not block."""
        try:
            connection, address = listener.accept()
        except OSError:  # it is gone already
            return
        place = f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"
        try:
            why = self._begin(Session(self, connection, place, self._configuration, self._backend))
        except OSError as exc:  # no more descriptors
            why = str(exc)
        if why:
            self.log(4, f"refused {place}: {why}")
            connection.close()

    def _begin(self, session: Session) -> str:
        """Why the session cannot begin, "" if it has."""
        why = self._take_in(session)
        try:
            if not why:
                threading.Thread(target=session.run, daemon=True).start()
        except RuntimeError as exc:  # no more threads
            self.leave(session)
            return str(exc)
        return why

    def _take_in(self, session: Session) -> str:
        """Why there is no room for the session, "" if there is."""
        host = _host(session)
        with self._lock:
            new = [each for each in self._sessions if each.who is None]
            if len(self._sessions) >= self._limits.connections:
                return f"there are {len(self._sessions)} connections"
            if len(new) >= self._limits.handshakes:
                return f"{len(new)} others have not finished their handshake"
            if sum(_host(each) == host for each in new) >= self._limits.of_address:
                return f"{self._limits.of_address} others of its address have not finished their handshake"
            self._sessions.add(session)
        return ""

    def admit(self, session: Session, fingerprint: str) -> Who:
        """Count the session in. The table of now decides, which may be another than at its handshake."""
        with self._lock:
            name = self._configuration.clients.get(fingerprint)
            if name is None:
                raise RefusedError(f"its certificate is not in the table of clients (sha256:{fingerprint})")
            count = collections.Counter(each.who.name for each in self._sessions if each.who)[name]
            if count >= self._limits.of_client:
                raise RefusedError(f"{name} has {count} connections")
            session.who = Who(name, fingerprint, session.address)
            return session.who

    def leave(self, session: Session) -> None:
        """Count the session out."""
        with self._lock:
            self._sessions.discard(session)

    def log(self, level: int, words: str) -> None:
        """A line for the journal; its level as in syslog(3)."""
        # Not by sys.stderr: Python aborts if a thread holds its lock when the program ends.
        os.write(_STDERR, f"<{level}>{words}\n".encode(errors="backslashreplace"))

    def configure(self, configuration: Configuration) -> None:
        """Use *configuration* from here on. Connections go on, but for those of certificates it does not have."""
        with self._lock:
            self._configuration = configuration
            gone = [each for each in self._sessions if each.who and each.who.fingerprint not in configuration.clients]
        for each in gone:
            each.end("its certificate is no longer in the table of clients")

    def stop(self) -> int:
        """End all connections; how many there were."""
        with self._lock:
            sessions = list(self._sessions)
        for each in sessions:
            each.end("the server stops")
        return len(sessions)


def _host(session: Session) -> str:
    return session.address.rpartition(":")[0]
