# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for a dockerd elsewhere, and a program in place of `docker system dial-stdio` that leads to it."""

from __future__ import annotations

import sys
from pathlib import Path

from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    _Handler,
)

# docker/cli, cli/command/system/dial_stdio.go
_DIAL = """\
import os, select, socket, sys
dockerd = socket.socket(socket.AF_UNIX)
dockerd.connect(sys.argv[1])
ways = {0: dockerd.fileno(), dockerd.fileno(): 1}
while True:
    for source in select.select(list(ways), [], [])[0]:
        data = os.read(source, 65536)
        if not data:
            sys.exit()
        while data:
            data = data[os.write(ways[source], data):]
"""


class KeepsAlive(_Handler):
    """HTTP as dockerd speaks it: a connection is for many requests, until one side ends it."""

    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        super().handle_one_request()
        if getattr(self, "path", "").endswith("/last"):  # without a word, as when a way breaks
            self.close_connection = True


class DockerdElsewhere(DockerdStandIn):
    """*command* is for a shell: it connects its input and output with this dockerd."""

    def __init__(self, folder: Path, name: str = "elsewhere") -> None:
        super().__init__(folder / f"{name}.sock")
        self._server.RequestHandlerClass = KeepsAlive
        program = folder / "dial.py"
        program.write_text(_DIAL)
        self.command = f"exec {sys.executable} {program} {self.path}"

    def __enter__(self) -> DockerdElsewhere:
        super().__enter__()
        return self
