# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs called docker that are not supported here: a snap, and podman's replacement of the client."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host import look

# Where snapd shows a snap's files: Debian and Ubuntu, and distributions that have no /snap.
_SNAPS = ("/snap/docker/current", "/var/lib/snapd/snap/docker/current")
_SCRIPT_BYTES = 1024


def snap() -> t.Optional[str]:
    """The folder of Docker from snap, None if there is none."""
    return next(filter(look.exists, _SNAPS), None)


def podman() -> t.Optional[str]:
    """The path of a `docker` that is podman (package podman-docker), None if there is none."""
    found = look.program("docker")
    if found is None:
        return None
    with contextlib.suppress(OSError):
        if is_podmans(look.head(found, _SCRIPT_BYTES)) or look.real(found).endswith("/podman"):
            return found
    return None


def is_podmans(start: bytes) -> bool:
    """Whether a program's first bytes are those of a script that starts podman (containers/podman, docker.in)."""
    return start.startswith(b"#!") and b"podman" in start
