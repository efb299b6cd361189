# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time on two machines: this host, and a server by the Date header of its answer. Pure."""

from __future__ import annotations

import datetime
import email.utils
import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Clocks:
    """The same moment in whole seconds since 1970, by this host's clock and by the server's."""

    here: int
    there: int


def clocks_of(date: str, now: float) -> t.Optional[Clocks]:
    """The clocks when an answer with the header *date* arrived; None if it is missing or invalid."""
    try:
        told = email.utils.parsedate_to_datetime(date)
    except (TypeError, ValueError, OverflowError):  # TypeError is what Python 3.9 raises for an invalid date
        return None
    return Clocks(int(now), int(told.replace(tzinfo=told.tzinfo or datetime.timezone.utc).timestamp()))
