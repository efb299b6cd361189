# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The buildx plugin of the docker client: where it is, and its version."""

from __future__ import annotations

import pathlib
import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.command import run

# Where docker looks for the plugins of all users (docker/cli, cli-plugins/manager/manager_unix.go).
_PLUGINS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)


def buildx_version() -> t.Optional[str]:
    """The plugin's version as it tells it, such as 0.13.1; None if it is missing or does not run."""
    for folder in _PLUGINS:
        program = pathlib.Path(folder) / "docker-buildx"
        if program.exists():
            found = re.search(r"v?(\d+\.\d+\S*)", run([str(program), "version"]).stdout)
            return found.group(1) if found else None
    return None
