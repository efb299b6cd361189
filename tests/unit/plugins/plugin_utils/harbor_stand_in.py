# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in of Harbor's API: a real HTTPS server on loopback that gives one answer to everything.

It is no Harbor. What it answers in the tests was written after Harbor's reference (goharbor/harbor,
api/v2.0/swagger.yaml) and its handler (src/server/v2.0/handler/systeminfo.go).
"""

from __future__ import annotations

import http.server
import ssl
import threading
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make


@dataclass(frozen=True)
class Answer:
    """What is sent back; *slow* ends the body never, a byte at a time."""

    status: int = 200
    body: bytes = b""
    headers: t.Mapping[str, str] = field(default_factory=dict)
    slow: bool = False


class _Server(http.server.ThreadingHTTPServer):
    stand_in: HarborStandIn

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """Say nothing of clients that went away."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # the name is the base class's
        """Say nothing."""

    def do_GET(self) -> None:  # the name is the base class's
        stand_in = self.server.stand_in
        stand_in.asked.append((self.path, dict(self.headers)))
        answer = stand_in.answer
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + (1000 if answer.slow else 0)))
        self.end_headers()
        self.wfile.write(answer.body)
        while answer.slow and not stand_in.ended.wait(0.02):
            self.wfile.write(b"x")


class HarborStandIn:
    """*host* is ``127.0.0.1:PORT``, *ca* what it offers unless *answer* is another; *asked* is (path, headers)."""

    def __init__(self, folder: Path, ca: Pair) -> None:
        own = make("stand-in of Harbor", ca=False, issuer=ca)
        files = folder / "harbor.pem", folder / "harbor.key"
        files[0].write_text(own.pem)
        files[1].write_text(own.key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        self.answer = Answer(body=ca.pem.encode(), headers={"Content-Type": "application/octet-stream"})
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.ended = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.stand_in = self
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> HarborStandIn:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
