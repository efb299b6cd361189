# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether docker starts again after a reboot: what enables it, and what would prevent it.

docker.service requires docker.socket and wants containerd.service (moby/moby, contrib/init/systemd).
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.host import units as systemd
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import must
from ansible_collections.multiarch.builders.plugins.module_utils.host.units import (
    CONTAINERD,
    DOCKER,
    DOCKER_SOCKET,
    Units,
    load_fault,
)

STARTED = (DOCKER, DOCKER_SOCKET)


def faults(units: Units) -> t.Tuple[str, ...]:
    """What prevents docker from starting again, each with its remedy. Pure.

    Empty if systemd does not answer, or a unit of another name starts dockerd: that one fails when it is needed.
    """
    docker, socket, containerd = units[DOCKER], units[DOCKER_SOCKET], units[CONTAINERD]
    if docker.value("LoadState") in ("", "not-found"):
        return ()
    found = [load_fault(docker)]
    if DOCKER in socket.words("RequiredBy"):
        found.append(load_fault(socket))
    named = "--containerd" in docker.value("ExecStart")
    # Without a running one, dockerd starts its own containerd, which does not see the other's images.
    if named or (DOCKER in containerd.words("WantedBy") and containerd.value("LoadState") == "masked"):
        found.append(load_fault(containerd))
    return tuple(f"docker does not start again, as {each}" for each in found if each)


def is_left_out(units: Units) -> bool:
    """Whether nothing starts docker at boot: neither its service, nor its socket, which starts it on demand. Pure."""
    docker, socket = units[DOCKER], units[DOCKER_SOCKET]
    return docker.is_there and not {*docker.starters, *socket.starters} - set(STARTED)


def words(units: Units) -> str:
    """The message for a docker that nothing starts, with the command that enables it. Pure."""
    states = [f"{name} is {units[name].value('UnitFileState') or 'not enabled'}" for name in STARTED]
    return f"nothing starts docker at boot ({', '.join(states)}), and with it no builder: `{' '.join(_ENABLE)}`"


_ENABLE = ("systemctl", "enable", *STARTED)


def enable() -> None:
    """Enable docker at boot, and record what was disabled. Raises HostError."""
    before = {name for name in STARTED if systemd.look()[name].value("UnitFileState") == "disabled"}
    RECORD.update(lambda found: replace(found, enabled=found.enabled | before))
    must(_ENABLE, "docker cannot be enabled")
    systemd.forget()


def enabled() -> t.Tuple[str, ...]:
    """The units that we enabled, and that still are."""
    ours = RECORD.read().enabled
    return tuple(each for each in sorted(ours) if systemd.look()[each].value("UnitFileState") == "enabled")


def disable() -> None:
    """Restore them to their state before us. Raises HostError."""
    must(["systemctl", "disable", *enabled()], "docker cannot be disabled")
    systemd.forget()
    RECORD.update(lambda found: replace(found, enabled=frozenset()))
