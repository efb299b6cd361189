# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units as systemd 257 shows them on Debian 13 with docker.io 26.1.5, with changes."""

from __future__ import annotations

from ansible_collections.multiarch.builders.plugins.module_utils.host import units
from ansible_collections.multiarch.builders.plugins.module_utils.host.units import Units

_FOLDER = "/usr/lib/systemd/system"
_RECORDED: dict[str, dict[str, str]] = {
    units.DOCKER: {
        "ExecStart": "{ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// "
        "--containerd=/run/containerd/containerd.sock $DOCKER_OPTS ; ignore_errors=no ; pid=109 ; status=0/0 }",
        "EnvironmentFiles": "/etc/default/docker (ignore_errors=yes)",
        "WantedBy": "multi-user.target",
        "Before": "multi-user.target shutdown.target",
        "After": "docker.socket basic.target sysinit.target containerd.service",
        "UnitFileState": "enabled",
    },
    units.DOCKER_SOCKET: {
        "RequiredBy": "docker.service",
        "WantedBy": "sockets.target",
        "Before": "sockets.target shutdown.target docker.service",
        "UnitFileState": "enabled",
    },
    units.CONTAINERD: {
        "ExecStart": "{ path=/usr/bin/containerd ; argv[]=/usr/bin/containerd ; ignore_errors=no ; pid=99 }",
        "WantedBy": "docker.service multi-user.target",
        "UnitFileState": "enabled",
    },
    units.BINFMT: {
        "ExecStart": "{ path=/usr/lib/systemd/systemd-binfmt ; argv[]=/usr/lib/systemd/systemd-binfmt ; pid=64 }",
        "WantedBy": "sysinit.target",
        "Before": "shutdown.target sysinit.target",
        "UnitFileState": "static",
    },
    units.REGISTRY_AUTOMOUNT: {"WantedBy": "sysinit.target", "UnitFileState": "static"},
    units.REGISTRY_MOUNT: {"Before": "systemd-binfmt.service", "UnitFileState": "disabled"},
}
# What systemd shows of a unit that it cannot start.
MASKED = {"LoadState": "masked", "UnitFileState": "masked", "ExecStart": "", "Before": "", "After": ""}
NOT_FOUND = {"LoadState": "not-found", "UnitFileState": "", "ExecStart": "", "FragmentPath": "", "WantedBy": ""}


def shown(**changes: dict[str, str]) -> str:
    """The answer to units.QUESTION; *changes* are properties by unit (see _key)."""
    blocks = []
    for name, recorded in _RECORDED.items():
        lines = {
            "ConditionResult": "yes",
            "LoadState": "loaded",
            "FragmentPath": f"{_FOLDER}/{name}",
            "DropInPaths": "",
            **recorded,
        }
        lines |= changes.get(_key(name), {})
        blocks.append("\n".join(f"{key}={value}" for key, value in lines.items()))
    return "\n\n".join(blocks) + "\n"


def changed(**changes: dict[str, str]) -> Units:
    """The same as units."""
    return units.parse(shown(**changes))


def _key(name: str) -> str:
    return {
        units.DOCKER: "docker",
        units.DOCKER_SOCKET: "socket",
        units.CONTAINERD: "containerd",
        units.BINFMT: "binfmt",
        units.REGISTRY_AUTOMOUNT: "automount",
        units.REGISTRY_MOUNT: "mount",
    }[name]
