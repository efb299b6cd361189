# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is pending until a restart of dockerd: effects with their times, so that the next run finishes a killed one.

Times are seconds since boot: the wall clock may jump, and a reboot restarts dockerd anyway.
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.docker.process import daemon_start
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Effect
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile, without


@dataclass(frozen=True)
class Mark:
    """A moment: the *boot*'s id, and seconds since that boot."""

    boot: str
    uptime: float


@dataclass(frozen=True)
class RestartDue:
    """When each effect happened, by its name."""

    marks: t.Mapping[str, Mark] = field(default_factory=dict)


RECORD = RecordFile("pending", RestartDue, (lambda found: {"marks": found},))


def note(effect: Effect) -> None:
    """Record that *effect* happens now."""
    RECORD.update(lambda found: replace(found, marks={**found.marks, effect.name: moment()}))


def forget(effect: Effect) -> None:
    """Record that *effect* was undone."""
    drop(effect.name)


def drop(name: str) -> None:
    """Forget the effect of this name."""
    RECORD.update(lambda found: replace(found, marks=without(found.marks, name)))


def mark(name: str) -> t.Optional[Mark]:
    """When the effect of this name was recorded, None if it was not."""
    return RECORD.read().marks.get(name)


def since_start() -> t.FrozenSet[Effect]:
    """The effects that the running dockerd has not seen: recorded after it started, in this boot."""
    marks = RECORD.read().marks
    started = daemon_start() if marks else None
    if started is None:
        return frozenset()
    return frozenset(
        Effect[name] for name, found in marks.items() if name in Effect.__members__ and is_after(found, started)
    )


def moment() -> Mark:
    """The current moment."""
    return Mark(_boot(), _uptime())


def start(started: float) -> Mark:
    """The moment of this boot at which dockerd *started* (seconds since boot)."""
    return Mark(_boot(), started)


def is_after(found: t.Optional[Mark], started: float) -> bool:
    """Whether *found* is a moment of this boot, later than *started* (seconds since boot)."""
    return found is not None and found.boot == _boot() and found.uptime > started


def _boot() -> str:
    return (look.text("/proc/sys/kernel/random/boot_id") or "").strip()


def _uptime() -> float:
    """As the kernel counts starts of processes, in hundredths: a mark is never later than a start that followed it.

    In a container, /proc/uptime may count from the container's start (lxcfs).
    """
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * 100) / 100
