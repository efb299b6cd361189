# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process of dockerd: whether it runs, and since when."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run

# dockerd's default (docs.docker.com, dockerd reference, --pidfile)
_PID_FILE = "/run/docker.pid"


def daemon_pid() -> t.Optional[int]:
    """dockerd's process, None if it does not run. Found by its pidfile, else by systemd."""
    pid = (look.text(_PID_FILE) or "").strip()
    found = look.process(int(pid)) if pid.isdigit() else None
    if found is not None and found.name == "dockerd":
        return int(pid)
    text = run(["systemctl", "show", "--property=MainPID", "--value", "docker.service"]).stdout.strip()
    return int(text) if text.isdigit() and text != "0" else None


def daemon_arguments() -> t.Tuple[str, ...]:
    """The arguments of dockerd's process, empty if it does not run."""
    pid = daemon_pid()
    text = look.text(f"/proc/{pid}/cmdline") if pid else None
    return tuple((text or "").split("\0")[1:-1])


def option(arguments: t.Sequence[str], *names: str) -> t.Optional[str]:
    """The last value of a flag with one of these *names*; None without it. Pure."""
    found = None
    for number, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name in names:
            found = value if equals else next(iter(arguments[number + 1 :]), None)
    return found


def daemon_start() -> t.Optional[float]:
    """When dockerd started, in seconds since boot."""
    pid = daemon_pid()
    found = look.process(pid) if pid else None
    return found.start / os.sysconf("SC_CLK_TCK") if found else None
