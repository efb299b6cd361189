# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mechanism that restores handlers at boot: systemd-binfmt, its mount, conditions and ordering.

systemd/systemd, units/systemd-binfmt.service.in and src/binfmt/binfmt.c: it registers nothing if binfmt_misc is not
mounted, and units that start after sysinit.target, such as docker, find the handlers.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host import units as systemd
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.units import Unit, Units, load_fault
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

CONDITIONS = ("systemd-analyze", "condition", f"--unit={systemd.BINFMT}")
_LOST = "handlers are lost at the next reboot"
_BEFORE_DOCKER = {"sysinit.target", "basic.target", systemd.DOCKER}
# Of the alternative ones (`|`), our own files in /etc/binfmt.d satisfy one.
_FAILED = re.compile(r"^\S+: ((?:Condition|Assert)\w+=(?!!?\|).*) failed\.$", re.MULTILINE)


def faults() -> t.Tuple[str, ...]:
    """What prevents this host's handlers from being restored, each with its remedy."""
    found = systemd.look()
    return faults_in(found, _conditions() if asks_conditions(found) else "")


def faults_in(units: Units, conditions: str) -> t.Tuple[str, ...]:
    """The same for *units*; *conditions* is the output of CONDITIONS if asks_conditions(), else "". Pure."""
    service = units[systemd.BINFMT]
    found = [_of_service(service), _of_mount(units[systemd.REGISTRY_AUTOMOUNT], units[systemd.REGISTRY_MOUNT])]
    unmet = ", ".join(_FAILED.findall(conditions))
    if unmet:
        found.append(f"{service.name} is skipped ({unmet}): fix {service.sources}")
    return tuple(f"{_LOST}, as {each}" for each in found if each)


def asks_conditions(units: Units) -> bool:
    """Whether the unit was changed, so that it may have new conditions, or skipped at its last start. Pure.

    It is also skipped on a host with nothing in binfmt.d yet.
    """
    service = units[systemd.BINFMT]
    skipped = service.value("ConditionResult") == "no"
    return service.value("LoadState") == "loaded" and (skipped or not service.is_as_packaged)


def _conditions() -> str:
    """systemd's report on each condition; empty before systemd 250, which lacks the command."""
    try:
        outcome = run(CONDITIONS)
    except HostError:
        return ""
    return outcome.stdout + outcome.stderr


def _of_service(unit: Unit) -> t.Optional[str]:
    fault = load_fault(unit)
    if fault or unit.value("LoadState") == "masked":  # a mask may end with the next boot
        return fault
    if not unit.starts_at_boot:
        return f"nothing starts {unit.name} at boot: `systemctl add-wants sysinit.target {unit.name}`"
    if "/systemd-binfmt " not in unit.value("ExecStart"):
        return f"{unit.name} does not run systemd-binfmt: fix {unit.sources}, then `systemctl daemon-reload`"
    if not _BEFORE_DOCKER & set(unit.words("Before")):
        return f"{unit.name} may start after docker: add `Before=sysinit.target` to {unit.sources}"
    return None


def _of_mount(automount: Unit, mount: Unit) -> t.Optional[str]:
    """Either must start at boot, and an automount needs the mount."""
    fault = load_fault(mount)
    if fault:
        return fault
    if automount.starts_at_boot or mount.starts_at_boot:
        return None
    return load_fault(automount) or (
        f"nothing mounts binfmt_misc at boot: `systemctl add-wants sysinit.target {automount.name}`"
    )
