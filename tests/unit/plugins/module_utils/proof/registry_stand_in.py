# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in of a registry: a real server on loopback, with TLS or without, that gives one answer to everything."""

from __future__ import annotations

import http.server
import ssl
import threading
import time
import typing as t
from pathlib import Path

from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair


class _Server(http.server.ThreadingHTTPServer):
    stand_in: RegistryStandIn

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """Say nothing of clients that went away."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def setup(self) -> None:
        if self.server.stand_in.context is not None:  # here, not in accept(): a client that waits blocks no other
            self.request = self.server.stand_in.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def log_message(self, format: str, *args: object) -> None:  # the name is the base class's
        """Say nothing."""

    def do_GET(self) -> None:  # the name is the base class's
        stand_in = self.server.stand_in
        stand_in.asked.append((self.path, dict(self.headers)))
        status, headers, body = stand_in.answer(self.path, self.headers.get("Authorization", ""))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The header Date, by the clock of the stand-in."""
        return super().date_time_string((timestamp or time.time()) + self.server.stand_in.ahead)

    def do_CONNECT(self) -> None:  # the name is the base class's
        """As a proxy that lets nobody through."""
        self.server.stand_in.asked.append((self.path, dict(self.headers)))
        self.send_error(403)


Own = t.TypeVar("Own", bound="RegistryStandIn")


class RegistryStandIn:
    """*host* is ``localhost:PORT``. Without *certificate* it speaks HTTP; *clients* is whose certificates it wants."""

    def __init__(
        self,
        folder: Path,
        certificate: Pair | None = None,
        *issuers: Pair,
        clients: Pair | None = None,
        newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    ) -> None:
        self.status = 401
        self.body = b""
        self.headers: dict[str, str] = {}
        self.ahead = 0  # seconds of its clock
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.context = None
        if certificate is not None:
            files = [folder / name for name in ("server.crt", "server.key", "clients.crt")]
            files[0].write_text("".join(each.pem for each in (certificate, *issuers)))
            files[1].write_text(certificate.key_pem)
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.maximum_version = newest
            self.context.load_cert_chain(files[0], files[1])
            if clients is not None:
                files[2].write_text(clients.pem)
                self.context.load_verify_locations(files[2])
                self.context.verify_mode = ssl.CERT_REQUIRED
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.stand_in = self
        self.host = f"localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def answer(self, _path: str, _authorization: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        return self.status, self.headers, self.body

    def __enter__(self: Own) -> Own:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
