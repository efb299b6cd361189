"""A caching copy of the machine's Debian mirror, as a program: python -m lab.package_server."""

from __future__ import annotations

import http.client
import shutil
import tempfile
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

from lab import debian
from lab.settings import MACHINE_ADDRESS, PACKAGE_PORT, PACKAGES

PASSED_ON = ("Content-Length", "Content-Type", "Last-Modified")


class Handler(BaseHTTPRequestHandler):
    """Answers one GET: packages from the cache, everything else from the mirror."""

    protocol_version = "HTTP/1.1"
    upstream = ""

    def do_GET(self) -> None:
        """A file below pool/ never changes, so it is kept; an index is asked for every time."""
        path = self.path.removeprefix("/debian/")
        if path == self.path or ".." in path:
            self.send_error(404)
            return
        kept = PACKAGES / path.replace("/", "%2F")
        if kept.exists():
            with kept.open("rb") as file:
                self._send({"Content-Length": str(kept.stat().st_size)}, file)
            return
        asked = {name: self.headers[name] for name in ("If-Modified-Since",) if name in self.headers}
        request = urllib.request.Request(f"{self.upstream.rstrip('/')}/{path}", headers=asked)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                headers = {name: answer.headers[name] for name in PASSED_ON if name in answer.headers}
                if path.startswith("pool/"):
                    _keep(answer, kept)
                    with kept.open("rb") as file:
                        self._send(headers, file)
                else:
                    self._send(headers, answer)
        except urllib.error.HTTPError as error:
            self.send_response(error.code)
            self.send_header("Content-Length", "0")
            self.end_headers()
        except OSError as error:
            self.send_error(502, f"the machine's mirror does not answer: {error}")

    def _send(self, headers: dict[str, str], content: http.client.HTTPResponse | BinaryIO) -> None:
        self.send_response(200)
        if "Content-Length" not in headers:
            self.close_connection = True
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        shutil.copyfileobj(content, self.wfile)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: apt itself says what it fetches."""


def _keep(answer: http.client.HTTPResponse, kept: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=PACKAGES, prefix=".", delete=False) as part:
        shutil.copyfileobj(answer, part)
    expected = answer.headers.get("Content-Length")
    if expected and Path(part.name).stat().st_size != int(expected):
        raise OSError(f"{kept.name} ended early")
    Path(part.name).rename(kept)


if __name__ == "__main__":
    Handler.upstream = debian.mirror()
    ThreadingHTTPServer((str(MACHINE_ADDRESS), PACKAGE_PORT), Handler).serve_forever()
