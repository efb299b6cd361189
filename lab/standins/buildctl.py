#!/usr/bin/python3
"""Stand-in for buildctl: the commands that buildx and operators run in a builder container."""

from __future__ import annotations

import importlib
import os
import socket
import sys
import threading

VERSION = "@BUILDKIT_VERSION@"
SOCKET = "/run/buildkit/docker.sock"


def connect() -> socket.socket:
    """A connection to dockerd."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(SOCKET)
    except OSError as error:
        sys.exit(f"error: failed to list workers: cannot connect to {SOCKET}: {error}")
    return connection


def read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    """The head of an HTTP answer and what came after it."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(4096)
        if not chunk:
            sys.exit("error: dockerd closed the connection")
        data += chunk
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def workers() -> None:
    """`debug workers`: whether the daemon answers, which is what buildx asks while it boots."""
    connection = connect()
    connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
    head, _rest = read_head(connection)
    if b" 200 " not in head.splitlines()[0]:
        sys.exit(f"error: {head.splitlines()[0].decode()}")
    print("ID\tPLATFORMS\nstand-in\tlinux/@ARCHITECTURE@")


def dial() -> tuple[socket.socket, bytes]:
    """A connection to BuildKit's gRPC inside dockerd (moby, api/server/router/grpc)."""
    connection = connect()
    connection.sendall(b"POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    head, rest = read_head(connection)
    if b" 101 " not in head.splitlines()[0]:
        sys.exit(f"error: dockerd did not switch to gRPC: {head.splitlines()[0].decode()}")
    return connection, rest


def dial_stdio() -> None:
    """`dial-stdio`: copy bytes both ways until the daemon's side ends."""
    connection, rest = dial()

    def send() -> None:
        while chunk := os.read(0, 65536):
            connection.sendall(chunk)
        connection.shutdown(socket.SHUT_WR)

    threading.Thread(target=send, daemon=True).start()
    chunk = rest or connection.recv(65536)
    while chunk:
        while chunk:
            chunk = chunk[os.write(1, chunk) :]
        chunk = connection.recv(65536)


def main() -> None:
    """Find the command, wherever the flags are."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    if "--version" in sys.argv[1:2]:
        print(f"buildctl github.com/moby/buildkit {VERSION} stand-in")
    elif words[:1] == ["dial-stdio"]:
        dial_stdio()
    elif words[:2] == ["debug", "workers"]:
        workers()
    elif words[:2] == ["debug", "histories"]:
        sys.path.append("/usr/lib/buildkit-stand-in")
        history = importlib.import_module("history")
        history.show(*dial(), as_json=any("json" in word for word in sys.argv[3:]))
    else:
        known = "`debug workers`, `debug histories` and `dial-stdio`"
        sys.exit(f"error: this stand-in has {known}, not: {' '.join(sys.argv[1:])}")


if __name__ == "__main__":
    main()
