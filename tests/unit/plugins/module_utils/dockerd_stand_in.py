# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for dockerd: a real HTTP server on a real Unix socket that gives the answers it is told to.

It knows nothing of containers or images. What it answers in the tests was written after the API's reference
(https://docs.docker.com/reference/api/engine/) and after what Docker 26.1 and 28.5 answered.
"""

from __future__ import annotations

import http.server
import io
import json
import socketserver
import sys
import tarfile
import threading
import typing as t
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """What is sent back; *cut* ends the connection before the body is whole."""

    status: int = 200
    body: bytes = b""
    headers: t.Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: t.Mapping[str, str]
    body: bytes


def as_json(data: object, status: int = 200) -> Answer:
    """*data* as dockerd answers it."""
    return Answer(status, json.dumps(data).encode() + b"\n", {"Content-Type": "application/json"})


# What /containers/NAME/json has of a container that a client works in, and what it says of that client.
WITH_CLIENT: dict[str, t.Any] = {"ExecIDs": ["a-client"]}
CLIENT = {"GET /exec/a-client/json": as_json({"Running": True})}


def unpacked(archive: bytes) -> dict[str, bytes]:
    """{name: content} of the files in a tar archive."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {each.name: file.read() for each in tar if (file := tar.extractfile(each)) is not None}


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    stand_in: DockerdStandIn

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A client that ended before its answer was whole is none of our errors."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def address_string(self) -> str:
        return "client"

    def log_message(self, format: str, *args: object) -> None:  # the name is the base class's
        """Say nothing."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server.stand_in.answer(Asked(self.command, self.path, dict(self.headers), body))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + (100 if answer.cut else 0)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815  # the names are the base class's


class DockerdStandIn:
    """*answers* by "METHOD /path", without version and query; *asked* is what came, in order."""

    def __init__(self, path: Path, version: str | None = "1.45") -> None:
        self.path = path
        self.version = version
        self.ready = True
        self.answers: dict[str, Answer] = {}
        self.asked: list[Asked] = []
        self._server = _Server(str(path), _Handler)
        self._server.stand_in = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> DockerdStandIn:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, asked: Asked) -> Answer:
        """As dockerd: the ping tells the API's version, anything unknown is 404 with a message."""
        self.asked.append(asked)
        path = asked.path.partition("?")[0]
        if path == "/_ping":
            told = {} if self.version is None else {"Api-Version": self.version}
            return Answer(200 if self.ready else 500, b"OK", told)
        prefix = f"/v{self.version or '1.41'}"
        known = self.answers.get(f"{asked.method} {path.removeprefix(prefix)}") if path.startswith(prefix) else None
        return known or as_json({"message": f"page not found: {path}"}, 404)
