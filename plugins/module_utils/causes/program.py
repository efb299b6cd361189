# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cause in the output of each program that is started here. Pure: each program has a file beside this one."""

from __future__ import annotations

import posixpath
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.causes import (
    apt,
    buildkit,
    docker,
    dockerd,
    lines,
    systemd,
)

_NOTHING = "nothing said"


def cause(argv: t.Sequence[str], stdout: str, stderr: str) -> str:
    """Why *argv* failed, in one line; its last line for programs without rules."""
    name, said = posixpath.basename(argv[0] if argv else ""), stderr if stderr.strip() else stdout
    if name == "docker":
        found = buildkit.of_client(said) if "buildx" in argv[1:2] else docker.of_client(said)
    elif name in ("apt-get", "apt-cache"):
        found = apt.of_apt(stdout, stderr)
    elif name == "systemctl":
        found = systemd.of_systemctl(said)
    elif name == "dockerd":
        found = dockerd.of_start([said])
    else:
        found = lines.last_line(said)
    return found or _NOTHING
