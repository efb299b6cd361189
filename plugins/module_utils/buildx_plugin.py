# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker client and its buildx plugin: where that is, and their versions."""

from __future__ import annotations

import pathlib
import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.command import run

# Where docker looks for the plugins of all users, in this order (docker/cli, cli-plugins/manager/manager_unix.go). The
# first is the administrator's; packages have theirs in the last two.
FOLDERS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
NAME = "docker-buildx"


def buildx_version(folders: t.Sequence[str] = FOLDERS) -> t.Optional[str]:
    """The version of the plugin that docker finds, such as 0.13.1; None if it is missing or does not run."""
    for folder in folders:
        program = pathlib.Path(folder) / NAME
        if program.exists():
            return version_in(run([str(program), "version"]).stdout)
    return None


def docker_version() -> t.Optional[str]:
    """The version of the docker client, such as 26.1.5+dfsg1; None if it tells none."""
    found = re.search(r"version ([^\s,]+)", run(["docker", "--version"]).stdout)
    return found.group(1) if found else None


def version_in(text: str) -> t.Optional[str]:
    """The version in what `docker-buildx version` prints."""
    found = re.search(r"v?(\d+\.\d+\S*)", text)
    return found.group(1) if found else None
