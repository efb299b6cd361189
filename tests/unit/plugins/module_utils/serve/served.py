# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the program share: certificates, the program as systemd starts it, a BuildKit, clients."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import (
    AUTHORITIES,
    BUILDKIT,
    CLIENTS,
    LOADED,
    SERVER,
    Client,
    table,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, Pair, make
from cryptography.x509.oid import ExtendedKeyUsageOID

PACKAGE = "ansible_collections.multiarch.builders.plugins.module_utils"
PATIENCE = 10.0
TODAY = (datetime.datetime.now(datetime.timezone.utc) - NOW).days
NAME = "builds.example.com"
CA, OTHER_CA = make("CA of the fleet", sign=True), make("CA of strangers", sign=True)


def client(name: str, issuer: Pair = CA, start: int = TODAY - 1, end: int = TODAY + 30) -> Pair:
    """A client's certificate, valid from *start* to *end*, in days from NOW."""
    purposes = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    return make(name, ca=False, issuer=issuer, start=start, end=end, purposes=purposes)


def server(name: str = NAME) -> Pair:
    """A certificate of the served host."""
    names, purposes = (name,), (ExtendedKeyUsageOID.SERVER_AUTH,)
    return make(name, ca=False, issuer=CA, names=names, purposes=purposes, start=TODAY - 1, end=TODAY + 30)


def place(root: Path, shown: Pair, allowed: Mapping[str, Pair], authorities: str = CA.pem) -> None:
    """Write the files of the program below *root*."""
    rows = [Client(name, pair.fingerprint) for name, pair in allowed.items()]
    for path, text in ((SERVER, shown.key_pem + shown.pem), (AUTHORITIES, authorities), (CLIENTS, table(rows))):
        file = root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


class BuildKit:
    """Stands in for BuildKit's socket: *answer* has each connection, in a thread of its own."""

    def __init__(self, path: Path, answer: Callable[[socket.socket], None]) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self._answer = answer
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = self.listener.accept()
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self._answer(connection)


def echo(connection: socket.socket) -> None:
    """Answer with what comes, until nothing more does."""
    while data := connection.recv(65536):
        connection.sendall(data)


class Program:
    """The program, started as systemd starts it: a file, and a socket that listens already."""

    def __init__(self, root: Path, file: Path) -> None:
        self.root = root
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(listener.getsockname()[1])
        with tempfile.TemporaryFile() as log:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(
                [sys.executable, "-ISB", "-c", _START, str(file), str(root)],
                env={**os.environ, "LISTEN_FDS": "1"},
                stdin=listener.fileno(),
                stderr=log,
            )
            self._log = os.dup(log.fileno())
        listener.close()
        self.await_loaded(error="")

    def await_loaded(self, *, error: str) -> dict[str, str]:
        """What it says that it has loaded, once that is new, with an *error* or without."""
        path = self.root / LOADED.lstrip("/")
        end = time.monotonic() + PATIENCE
        while not path.exists():
            assert time.monotonic() < end and self.process.poll() is None, self.log
            time.sleep(0.01)
        found: dict[str, str] = json.loads(path.read_text())
        assert error in found["error"] if error else found["error"] == ""
        return found

    def reload(self, *, error: str = "") -> dict[str, str]:
        """Have it read its files."""
        (self.root / LOADED.lstrip("/")).unlink()
        self.process.send_signal(signal.SIGHUP)
        return self.await_loaded(error=error)

    @property
    def log(self) -> str:
        """What it has logged until now."""
        return os.pread(self._log, 1 << 20, 0).decode()

    def logs(self, words: str) -> str:
        """The line with *words*, once it is logged."""
        end = time.monotonic() + PATIENCE
        while words not in self.log:
            assert time.monotonic() < end, f"{words} is not in: {self.log}"
            time.sleep(0.01)
        return next(line for line in self.log.splitlines() if words in line)

    def connect(self, pair: Pair | None = None, *, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLSocket:
        """A client's connection, after its own part of the handshake."""
        context = ssl.create_default_context(cadata=CA.pem)
        context.maximum_version = newest
        context.set_alpn_protocols(["h2"])
        if pair:
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(pair.key_pem + pair.pem)
                file.flush()
                context.load_cert_chain(file.name)
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        try:
            return context.wrap_socket(plain, server_hostname=NAME, suppress_ragged_eofs=False)
        except OSError:
            plain.close()
            raise

    def stop(self) -> int:
        """Its exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


# The program finds its socket at the third descriptor; all of its paths are below a folder.
_START = f"""
import os, sys
os.dup2(0, 3)
sys.argv[:] = sys.argv[1:]
sys.path.insert(0, sys.argv[0])
from {PACKAGE}.serve import front
raise SystemExit(front.main(sys.argv[1]))
"""


@contextlib.contextmanager
def running(
    root: Path, file: Path, answer: Callable[[socket.socket], None] = echo, **allowed: Pair
) -> Iterator[Program]:
    """The program with these clients, in front of a BuildKit that *answer*s."""
    place(root, server(), allowed)
    for path in (LOADED, BUILDKIT):
        (root / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
    buildkit = BuildKit(root / BUILDKIT.lstrip("/"), answer)
    program = Program(root, file)
    try:
        yield program
    finally:
        program.process.kill()
        program.process.wait()
        buildkit.listener.close()
