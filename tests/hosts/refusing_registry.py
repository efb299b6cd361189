"""A registry that refuses what some registries refuse: a small TLS front before Debian's docker-registry.

At harbor.lab.test:PORT on the lab's registry host, without a login; a port for each process of pytest. Run there it is
the front itself:

python3 - PORT BACKEND-PORT CERTIFICATE KEY WHAT

WHAT is `subject` (as GitLab, moby/buildkit#7007: a subject has to be there already) or `empty` (as Aliyun,
koordinator-sh/koordinator#3194: the empty config is no config).
"""

from __future__ import annotations

import http.client
import http.server
import json
import ssl
import sys
from typing import Any


def refusal(manifest: dict[str, Any], what: str, backend: int, path: str) -> tuple[int, str, str] | None:
    """Status, code and message for a manifest that is not taken."""
    subject = manifest.get("subject", {})
    if what == "subject" and subject:
        connection = http.client.HTTPConnection("127.0.0.1", backend, timeout=10)
        headers = {"Accept": subject["mediaType"]}
        connection.request("HEAD", f"{path.rpartition('/')[0]}/{subject['digest']}", headers=headers)
        if connection.getresponse().status == 404:
            return 404, "BLOB_UNKNOWN", f"blob unknown to registry - {subject['digest']}"
    kind = manifest.get("config", {}).get("mediaType", "")
    if what == "empty" and kind == "application/vnd.oci.empty.v1+json":
        return 403, "DENIED", f"unknown manifest class for {kind}"
    return None


class Front(http.server.BaseHTTPRequestHandler):
    """Hands on all but what is refused."""

    protocol_version = "HTTP/1.1"
    backend = 0
    what = ""

    def _any(self) -> None:
        body = (
            self.rfile.read(int(self.headers.get("Content-Length") or 0)) if self.command != "PATCH" else self._sent()
        )
        if self.command == "PUT" and "/manifests/" in self.path:
            refused = refusal(json.loads(body), self.what, self.backend, self.path)
            if refused:
                status, code, message = refused
                self._answer(status, {}, json.dumps({"errors": [{"code": code, "message": message}]}).encode())
                return
        connection = http.client.HTTPConnection("127.0.0.1", self.backend, timeout=60)
        skipped = ("transfer-encoding", "content-length", "connection")
        headers = {name: value for name, value in self.headers.items() if name.lower() not in skipped}
        connection.request(self.command, self.path, body, {**headers, "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in skipped[::2]}
        self._answer(answer.status, kept, answer.read())

    def _sent(self) -> bytes:
        """The body of an upload, which containerd sends in chunks."""
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # the name is the base class's
        """Say nothing."""

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815  # the names are the base class's


def front(port: int, backend: int, certificate: str, key: str, what: str) -> None:
    """Serve for ever."""
    Front.backend, Front.what = backend, what
    server = http.server.ThreadingHTTPServer(("", port), Front)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    front(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:6])
