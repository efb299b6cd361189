# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What time it is for two machines: this host, and a server by the header Date of its answer. Pure."""

from __future__ import annotations

import datetime
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
    try:
        told = email.utils.parsedate_to_datetime(date)
    except (TypeError, ValueError, OverflowError):  # the first where nothing can be read, on Python 3.9
        return None
    return Clocks(int(now), int(told.replace(tzinfo=told.tzinfo or datetime.timezone.utc).timestamp()))
