# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the host's clock was set forward while the guard watched: what was used before then looks unused since long.

The time since boot, which includes that of a suspend, is what it is compared with.
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass

_LEAST = 60.0
"""Seconds by which a clock that is set forward differs from one that only runs fast."""


@dataclass(frozen=True)
class Clock:
    """What was seen last: the clock's *lead* over the time since boot, and when it was *set*, in seconds since boot."""

    lead: t.Optional[float] = None
    set: t.Optional[float] = None


def seen(before: Clock, now: float, since_boot: float) -> Clock:
    """The clock, *before* being what was seen last. Pure."""
    lead = now - since_boot
    was_set = before.lead is not None and lead - before.lead > _LEAST
    return Clock(lead, since_boot if was_set else before.set)


def even_for(clock: Clock, since_boot: float) -> float:
    """For how many seconds the clock has only run; without end if it was never seen to be set. Pure."""
    return float("inf") if clock.set is None else since_boot - clock.set


def since_boot() -> float:
    """Seconds since the host started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
