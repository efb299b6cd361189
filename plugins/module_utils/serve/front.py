# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The start of the program that lets clients with certificates use a builder (multiarch-builders-serve.service).

systemd gives it the listening socket (sd_listen_fds(3)), and reads what it reports (sd_notify(3)). SIGHUP has it read
its files again, SIGTERM ends it.
"""

from __future__ import annotations

import hashlib
import json
import os
import selectors
import signal
import socket
import sys
import typing as t
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import BUILDKIT, LOADED
from ansible_collections.multiarch.builders.plugins.module_utils.serve.configuration import (
    ConfigurationError,
    load,
)
from ansible_collections.multiarch.builders.plugins.module_utils.serve.server import Server

_FIRST = 3  # sd_listen_fds(3): SD_LISTEN_FDS_START


def main(root: str = "") -> int:
    """Serve until SIGTERM; the exit status. *root* is the folder that is /, for tests."""
    if os.environ.get("LISTEN_FDS") != "1":
        sys.stderr.write("<3>it is started by systemd, which gives it the socket to listen on\n")
        return 2
    listener = socket.socket(fileno=_FIRST)
    listener.setblocking(False)
    program = _digest(sys.argv[0])
    try:
        configuration = load(root)
    except ConfigurationError as exc:
        sys.stderr.write(f"<3>{exc}\n")
        return 1
    server = Server(configuration, root + BUILDKIT)
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        signals = _signals(selector)
        _report(root, program, configuration.digest, len(configuration.clients))
        while True:
            events = [key.fileobj for key, _mask in selector.select()]
            if signals in events:
                for number in signals.recv(64):
                    if number == signal.SIGTERM:
                        server.log(5, f"stops; {server.stop()} connections end")
                        os._exit(0)  # without Python's own end, which may abort while threads of connections run
                    _reload(server, root, program)
            if listener in events:
                server.accept(listener)


def _signals(selector: selectors.BaseSelector) -> socket.socket:
    """A socket from which the numbers of signals are read."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno())
    writer.detach()
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    selector.register(reader, selectors.EVENT_READ)
    return reader


def _reload(server: Server, root: str, program: str) -> None:
    """Files that cannot be used change nothing, and are reported."""
    try:
        configuration = load(root)
    except ConfigurationError as exc:
        server.log(3, f"nothing is reloaded: {exc}")
        _write(root, {"program": program, "files": "", "error": str(exc)})
        _notify("READY=1\nSTATUS=the last reload failed")
        return
    server.configure(configuration)
    server.log(5, f"reloaded: {len(configuration.clients)} certificates may connect")
    _report(root, program, configuration.digest, len(configuration.clients))


def _report(root: str, program: str, files: str, clients: int) -> None:
    _write(root, {"program": program, "files": files, "error": ""})
    _notify(f"READY=1\nSTATUS={clients} certificates may connect")


def _write(root: str, loaded: t.Mapping[str, str]) -> None:
    """What is loaded, for the next plan."""
    new = Path(f"{root}{LOADED}.new")
    new.write_text(json.dumps(loaded), encoding="ascii")
    new.replace(root + LOADED)


def _notify(words: str) -> None:
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.sendto(words.encode(), f"\0{path[1:]}" if path.startswith("@") else path)


def _digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())
