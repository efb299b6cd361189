# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits for a restart of dockerd: effects that happened, and when, so that a killed run is finished by the next.

Times are seconds since boot: the wall clock may jump, and a reboot restarts dockerd anyway.
"""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils import record
from ansible_collections.multiarch.builders.plugins.module_utils.daemon_process import daemon_start
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Effect

_RECORD = "pending"


def note(effect: Effect) -> None:
    """*effect* happens now."""
    marks = record.load(_RECORD)
    record.save(_RECORD, {**marks, effect.name: {"boot": _boot(), "uptime": _uptime()}})


def forget(effect: Effect) -> None:
    """*effect* was undone."""
    marks = record.load(_RECORD)
    record.save(_RECORD, {name: mark for name, mark in marks.items() if name != effect.name})


def since_start() -> t.FrozenSet[Effect]:
    """The effects that the running dockerd has not seen: noted after it started, in this boot."""
    marks = record.load(_RECORD)
    started = daemon_start() if marks else None
    if started is None:
        return frozenset()
    boot = _boot()
    return frozenset(
        Effect[name]
        for name, mark in marks.items()
        if name in Effect.__members__ and mark["boot"] == boot and mark["uptime"] > started
    )


def _boot() -> str:
    return pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _uptime() -> float:
    return float(pathlib.Path("/proc/uptime").read_text(encoding="ascii").split()[0])
