# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a copy began: which files cannot have changed since. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_MARGIN = 2.0
"""Seconds: more than the kernel's clock for files, and a file system's resolution of times, can be behind."""


@dataclass(frozen=True)
class Start:
    """When the first pass began: by the clock, in seconds, and how far that is ahead of the time since boot.

    *boot* is the boot's id: what was copied before a power failure may be incomplete.
    """

    clock: float = 0.0
    ahead: float = 0.0
    boot: str = ""

    def trusted(self, now: Start) -> float:
        """Files with an older change time were not changed until *now*; 0 if the clock was set, or after a reboot."""
        same = self.boot == now.boot and abs(self.ahead - now.ahead) < _MARGIN / 2
        return max(0.0, self.clock - _MARGIN) if same else 0.0


NEVER = Start()
