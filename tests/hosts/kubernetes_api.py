"""A stand-in for the API of a Kubernetes cluster, run on a host: it has nothing, forbids all, and keeps what it saw.

python3 - PORT LOG. Each line of LOG is a request that would have made something: {"path": …, "body": BASE64}.
"""

from __future__ import annotations

import base64
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT, LOG = int(sys.argv[1]), Path(sys.argv[2])


class Api(BaseHTTPRequestHandler):
    """Answers as an API server does, with a Status."""

    def do_GET(self) -> None:
        """Not there."""
        self.answer(404, "NotFound")

    def do_POST(self) -> None:
        """Keep the request. A ConfigMap is said to be there, so that buildx goes on to the Deployment."""
        body = base64.b64encode(self.rfile.read(int(self.headers["Content-Length"]))).decode()
        with LOG.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"path": self.path, "body": body}) + "\n")
        if self.path.endswith("/configmaps"):
            self.answer(409, "AlreadyExists")
        else:
            self.answer(403, "Forbidden")

    def do_PUT(self) -> None:
        """A ConfigMap that is there already gets other content."""
        self.send_json(200, {"kind": "ConfigMap", "apiVersion": "v1"})

    def answer(self, status: int, reason: str) -> None:
        """A failure as an object."""
        content = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": status}
        self.send_json(status, {**content, "message": f"the stand-in says {reason}"})

    def send_json(self, status: int, content: object) -> None:
        """Answer."""
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


ThreadingHTTPServer(("127.0.0.1", PORT), Api).serve_forever()
