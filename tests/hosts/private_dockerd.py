"""Runs on a host: a dockerd of its own beside the one there, for each daemon.json of standard input, one a line.

It prints what /info of it answers, or {"refused": its last words}, one a line. Containers, networks, images and
firewall of the host stay as they are: its folders, socket and namespaces of containerd are others.
"""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path("/var/tmp/private-dockerd")
SOCKET = Path("/run/private-dockerd.sock")
FLAGS = {
    "config-file": FOLDER / "daemon.json",
    "data-root": FOLDER / "data",
    "exec-root": "/run/private-dockerd",
    "pidfile": "/run/private-dockerd.pid",
    "host": f"unix://{SOCKET}",
    "bridge": "none",
    "iptables": "false",
    "ip6tables": "false",
    "ip-forward": "false",
    "containerd": "/run/containerd/containerd.sock",
    "containerd-namespace": "private-dockerd",
    "containerd-plugins-namespace": "private-dockerd-plugins",
    "storage-driver": "vfs",
}
SECONDS = 30


class Connection(http.client.HTTPConnection):
    """HTTP over the socket."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(SOCKET))


def answer(document: str) -> str:
    """What a dockerd with *document* shows, in one line of JSON."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    (FOLDER / "daemon.json").write_text(document)
    log = FOLDER / "log"
    command = ["dockerd", *(f"--{name}={value}" for name, value in FLAGS.items())]
    with log.open("w") as file, subprocess.Popen(command, stdout=file, stderr=file) as dockerd:
        try:
            for _tenth in range(SECONDS * 10):
                if dockerd.poll() is not None:
                    return json.dumps({"refused": log.read_text()[-300:]})
                try:
                    connection = Connection("dockerd")
                    connection.request("GET", "/info")
                    return connection.getresponse().read().decode().strip()
                except OSError:
                    time.sleep(0.1)
            return json.dumps({"refused": f"no answer after {SECONDS} seconds"})
        finally:
            dockerd.terminate()


if __name__ == "__main__":
    for line in sys.stdin:
        print(answer(line), flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
