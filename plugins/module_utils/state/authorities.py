# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which authorities of the operating system's store the running dockerd has read.

A Go program reads that store once, at its first use (golang/go, src/crypto/x509/root.go). So dockerd knows the store as
of its start. The time when each managed CA was added is recorded; all others were there before us.
"""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.docker.process import daemon_start
from ansible_collections.multiarch.builders.plugins.module_utils.state import restart_due
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.restart_due import Mark

# Recorded by hosts that were provisioned before each CA had its own time: the last refresh of the store.
_LAST_REFRESH = "TRUST_STORE_CHANGES"


@dataclass(frozen=True)
class Authorities:
    """When each managed CA was added (*came*) to the system's store, by the SHA-256 of its PEM."""

    came: t.Mapping[str, Mark] = field(default_factory=dict)


RECORD = RecordFile("authorities", Authorities, (lambda found: {"came": found},))


def come(new: t.Iterable[str], there: t.Iterable[str] = ()) -> None:
    """Record that the CAs *new* (PEM) are added now, and those *there* earlier; all others are forgotten."""
    former, now = restart_due.mark(_LAST_REFRESH), restart_due.moment()

    def changed(found: Authorities) -> Authorities:
        known = {each: found.came.get(each, former) for each in map(_name, there)}
        came = {each: mark for each, mark in known.items() if mark}
        return replace(found, came={**came, **{_name(each): now for each in new}})

    RECORD.update(changed)
    restart_due.drop(_LAST_REFRESH)


def unread(wanted: t.Iterable[str], bundle: str) -> t.FrozenSet[str]:
    """The CAs among *wanted* (PEM) that the running dockerd has not read: not in *bundle*, or added after its start.

    None if dockerd does not run: it reads all at its start.
    """
    started = daemon_start()
    if started is None:
        return frozenset()
    marks, former = RECORD.read().came, restart_due.mark(_LAST_REFRESH)
    return frozenset(
        each
        for each in wanted
        if each.strip() not in bundle or restart_due.is_after(marks.get(_name(each), former), started)
    )


def _name(pem: str) -> str:
    return hashlib.sha256(pem.strip().encode()).hexdigest()
