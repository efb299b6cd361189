# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes as docker and buildx show them: in units of 1000 (docker/go-units, HumanSize)."""

from __future__ import annotations

import re
import typing as t

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_SHOWN = re.compile(r"(\d+(?:\.\d+)?)([kMGTPE]?B)")


def shown(size: int) -> str:
    """Bytes with three digits: `17.2 MB`."""
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(UNITS) - 1:  # what rounds to 1000 is shown in the next unit
        value, unit = value / 1000, unit + 1
    return f"{value:.{1 if unit and value < 99.95 else 0}f} {UNITS[unit]}"


def parsed(text: str) -> t.Optional[int]:
    """The bytes that `17.2MB` stands for, as far as its digits go; None if it is not a size."""
    found = _SHOWN.fullmatch(text)
    return round(float(found.group(1)) * 1000 ** UNITS.index(found.group(2))) if found else None


def total_in(usage: str) -> t.Optional[int]:
    """Bytes in the last line of `docker buildx du` or `buildctl du`, to its digits; None if it failed."""
    found = re.search(r"^Total:\s+(\S+)\s*$", usage, re.MULTILINE)
    return parsed(found.group(1)) if found else None
