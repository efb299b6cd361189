# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of a host, as a report shows it: frozen data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Guard:
    """The guard on a host: whether its timer is *running*, and what it did.

    *heals*: how often it registered a handler again, at last those in *healed*. *limited* says since when it waits, as
    that happened too often, *failure* why the last one failed. *metrics* is the file that it writes, if any.

    *sweep* says what it removes, null for nothing. So far it *removed* that many builders and images, which *freed*
    that many bytes; *swept* are the last ones with the reasons, until *last_sweep*. *sweep_failure* says why the last
    sweep failed.
    """

    running: bool
    heals: int
    last_heal: str | None
    healed: tuple[str, ...]
    limited: str | None
    failure: str | None
    metrics: str | None
    sweep: str | None
    removed: int
    freed: int
    last_sweep: str | None
    swept: tuple[str, ...]
    sweep_failure: str | None


@dataclass(frozen=True)
class JobBuilder:
    """A builder that is not managed, on a host that is swept: *goes* says whether that is due, *why* why or why not.

    *name* is that of the builder, or that of the node if it is in the store of no user (*users*). *used* is when it was
    last used.
    """

    name: str
    users: tuple[str, ...]
    used: str
    goes: bool
    why: str
