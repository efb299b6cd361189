"""A forward proxy for tests, run on a host: CONNECT only, with a password, and a line for each tunnel it opened.

python3 forward_proxy.py PORT FILE-WITH-USER:PASSWORD LOG
"""

from __future__ import annotations

import base64
import select
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT, CREDENTIALS, LOG = int(sys.argv[1]), Path(sys.argv[2]).read_text(), Path(sys.argv[3])


class Tunnel(BaseHTTPRequestHandler):
    """Answers CONNECT HOST:PORT."""

    def do_CONNECT(self) -> None:
        """Refuse who does not say the password, else carry bytes both ways until one side ends."""
        expected = "Basic " + base64.b64encode(CREDENTIALS.encode()).decode()
        if self.headers.get("Proxy-Authorization") != expected:
            self.send_response(407)
            self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')  # without it git gives up
            self.send_header("Connection", "close")
            self.end_headers()
            return
        host, _colon, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as there:
            with LOG.open("a", encoding="utf-8") as log:
                log.write(f"{self.client_address[0]} {self.path}\n")
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: there, there: self.connection}
            while True:
                for one in select.select(list(ends), [], [])[0]:
                    data = one.recv(65536)
                    if not data:
                        return
                    ends[one].sendall(data)


ThreadingHTTPServer(("", PORT), Tunnel).serve_forever()
