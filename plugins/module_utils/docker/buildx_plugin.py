# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker client and its buildx plugin: path and versions."""

from __future__ import annotations

import errno
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.host import look, watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import NoProgramError, run
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

# Where docker looks for the plugins of all users, in this order (docker/cli, cli-plugins/manager/manager_unix.go). The
# first is the administrator's; packages have theirs in the last two.
FOLDERS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
NAME = "docker-buildx"


_WHY = {
    errno.EACCES: "it is not executable",
    errno.ENOEXEC: "it is not a program for this machine",
    errno.ENOENT: "its interpreter or loader is not on this host",
}


@dataclass(frozen=True)
class Found:
    """The plugin that docker finds: its path and version, such as 0.13.1, or why it reports none (*defect*)."""

    path: str
    version: t.Optional[str] = None
    defect: str = ""


def find(folders: t.Sequence[str] = FOLDERS) -> t.Optional[Found]:
    """The plugin in the first of *folders* that has one, else None. docker tries no other if that one is broken."""
    for folder in folders:
        if look.exists(f"{folder}/{NAME}"):
            return _look(f"{folder}/{NAME}")
    return None


def _look(path: str) -> Found:
    look.state(path)  # until that changes its version stays
    try:
        with watch.unwatched():
            outcome = run([path, "version"], timeout=60)
    except HostError as exc:
        reason = exc.__context__
        number = reason.errno if isinstance(reason, OSError) else None
        return Found(path, defect=_WHY.get(number or 0, str(exc)))
    version = version_in(outcome.stdout)
    if outcome.status == 0 and version is not None:
        return Found(path, version)
    ended = f"was killed by signal {-outcome.status}" if outcome.status < 0 else f"exited with status {outcome.status}"
    return Found(path, defect=f"`{NAME} version` {ended}: {outcome.cause}")


def buildx_version(folders: t.Sequence[str] = FOLDERS) -> t.Optional[str]:
    """The version of the plugin that docker finds; None if it is missing or does not work."""
    found = find(folders)
    return found.version if found else None


def docker_version() -> t.Optional[str]:
    """The version of the docker client, such as 26.1.5+dfsg1; None if it reports none, or is missing."""
    try:
        found = re.search(r"version ([^\s,]+)", run(["docker", "--version"]).stdout)
    except NoProgramError:
        return None
    return found.group(1) if found else None


def version_in(text: str) -> t.Optional[str]:
    """The version in the output of `docker-buildx version`."""
    found = re.search(r"v?(\d+\.\d+\S*)", text)
    return found.group(1) if found else None
