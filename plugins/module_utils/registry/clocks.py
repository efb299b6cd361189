# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What time it is for two machines: this host, and a server by the header Date of its answer. Pure."""

from __future__ import annotations

import email.utils
import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Clocks:
    """The time at one moment, in whole seconds since 1970: by this host's clock, and by the server's."""

    here: int
    there: int


def clocks_of(date: str, now: float) -> t.Optional[Clocks]:
    """The clocks when an answer with the header *date* came; None if it has none that can be read."""
    parsed = email.utils.parsedate_tz(date)
    try:
        return Clocks(int(now), email.utils.mktime_tz(parsed)) if parsed else None
    except (ValueError, OverflowError):
        return None
