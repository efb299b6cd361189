# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd units: all that any concern needs, read with one query, and what keeps one from starting at boot.

The properties are documented in org.freedesktop.systemd1(5). They are systemd's own view, drop-ins included.
"""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

DOCKER, DOCKER_SOCKET, CONTAINERD = "docker.service", "docker.socket", "containerd.service"
BINFMT = "systemd-binfmt.service"
REGISTRY_AUTOMOUNT, REGISTRY_MOUNT = "proc-sys-fs-binfmt_misc.automount", "proc-sys-fs-binfmt_misc.mount"
_NAMES = (DOCKER, DOCKER_SOCKET, CONTAINERD, BINFMT, REGISTRY_AUTOMOUNT, REGISTRY_MOUNT)
_PROPERTIES = (
    *("LoadState", "UnitFileState", "FragmentPath", "DropInPaths", "WantedBy", "RequiredBy", "Before", "After"),
    *("ConditionResult", "ExecStart", "Environment", "EnvironmentFiles"),
)
QUESTION = ("systemctl", "show", f"--property={','.join(_PROPERTIES)}", *_NAMES)
# Packages install their units here; others are an administrator's.
_PACKAGED = ("/usr/lib/systemd/", "/lib/systemd/")


@dataclass(frozen=True)
class Unit:
    """*shown* is the output of `systemctl show` for the unit, a property per line; empty if systemd does not answer."""

    name: str
    shown: str = ""

    def value(self, name: str) -> str:
        """A property's value, "" if missing."""
        prefix = f"{name}="
        return next((line[len(prefix) :] for line in self.shown.splitlines() if line.startswith(prefix)), "")

    def words(self, name: str) -> t.Tuple[str, ...]:
        """A property that is a list."""
        return tuple(self.value(name).split())

    @property
    def is_there(self) -> bool:
        """Whether systemd has a usable unit of this name, now or after a reboot."""
        return self.value("LoadState") in ("loaded", "merged") or self.value("UnitFileState") == "masked-runtime"

    @property
    def starts_at_boot(self) -> bool:
        """Whether it is enabled at boot, by something persistent.

        UnitFileState is not enough: it is also `enabled` if the link that enables the unit leads to /dev/null, and
        `disabled` if another unit wants it (seen with systemd 257).
        """
        return bool(self.starters)

    @property
    def starters(self) -> t.Tuple[str, ...]:
        """The units that start it, at a boot after this one."""
        lasting = self.is_there and self.value("UnitFileState") != "enabled-runtime"
        return self.words("WantedBy") + self.words("RequiredBy") if lasting else ()

    @property
    def is_as_packaged(self) -> bool:
        """Whether it is unmodified: installed by a package, without drop-ins."""
        return self.value("FragmentPath").startswith(_PACKAGED) and not self.value("DropInPaths")

    @property
    def sources(self) -> str:
        """The files by which an administrator changed it, as text; the unit's own file if there are none."""
        return ", ".join(self.words("DropInPaths")) or self.value("FragmentPath") or self.name


Units = t.Mapping[str, Unit]


def parse(shown: str) -> t.Dict[str, Unit]:
    """The answers to QUESTION, by unit; nothing is known about units that are missing in it."""
    blocks = [each for each in shown.split("\n\n") if each.strip()]
    if len(blocks) != len(_NAMES):
        blocks = [""] * len(_NAMES)
    return {name: Unit(name, block.strip("\n")) for name, block in zip(_NAMES, blocks)}


def load_fault(unit: Unit) -> t.Optional[str]:
    """Why systemd cannot start the unit, with the remedy; None if it can."""
    state = unit.value("LoadState")
    if unit.is_there:
        return None
    if state == "masked":
        return f"{unit.name} is masked: `systemctl unmask {unit.name}`, or find out who masked it, and why"
    if state == "not-found":
        return f"{unit.name} is not on this host: reinstall its package"
    if state:
        return f"systemd cannot load {unit.name} ({state}): fix {unit.sources}, then `systemctl daemon-reload`"
    return f"systemd reports nothing about {unit.name}: see `systemctl show {unit.name}`"


@functools.lru_cache(maxsize=1)
def look() -> Units:
    """The units as systemd has them, read once per process: call forget() after changing one."""
    try:
        return parse(run(QUESTION).stdout)
    except HostError:  # no systemctl
        return parse("")


def forget() -> None:
    """Units changed: the next call queries systemd again."""
    look.cache_clear()
