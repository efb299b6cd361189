# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which authorities of the operating system's store the running dockerd has read.

A Go program reads that store once, at its first use (golang/go, src/crypto/x509/root.go). So dockerd knows the store as
of its start. The time when each managed CA was added is recorded; all others were there before us.

A CA is often renewed with its key. Then dockerd verifies with the former one what the renewed one verifies, until the
former one ends, and need not restart before.
"""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ansible_collections.multiarch.builders.plugins.module_utils.docker.process import daemon_start
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import blocks
from ansible_collections.multiarch.builders.plugins.module_utils.model.anchor import anchor_of
from ansible_collections.multiarch.builders.plugins.module_utils.state import restart_due
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.restart_due import Mark

# Recorded by hosts that were provisioned before each CA had its own time: the last refresh of the store.
_LAST_REFRESH = "TRUST_STORE_CHANGES"


# A restart of dockerd is due this long before the CA that it has read ends, in seconds: 30 days.
_AHEAD = 30 * 86400


@dataclass(frozen=True)
class Renewal:
    """The dockerd that started at *since* has read a CA that vouches for the same, until *ends* (since the epoch)."""

    since: Mark
    ends: float


@dataclass(frozen=True)
class Authorities:
    """When each managed CA was added (*came*) to the system's store, and which of them *renewed* one that was read.

    Both by the SHA-256 of its PEM.
    """

    came: t.Mapping[str, Mark] = field(default_factory=dict)
    renewed: t.Mapping[str, Renewal] = field(default_factory=dict)


RECORD = RecordFile("authorities", Authorities, (lambda found: {"came": found},))


def come(
    new: t.Iterable[str], there: t.Iterable[str] = (), renewed: t.Mapping[str, Renewal] = MappingProxyType({})
) -> None:
    """Record that the CAs *new* (PEM) are added now, and those *there* earlier; all others are forgotten.

    *renewed* is of renewals().
    """
    former, now = restart_due.mark(_LAST_REFRESH), restart_due.moment()
    names = frozenset(map(_name, new))

    def changed(found: Authorities) -> Authorities:
        known = {each: found.came.get(each, former) for each in map(_name, there)}
        came = {each: mark for each, mark in known.items() if mark}
        still = {each: renewal for each, renewal in found.renewed.items() if each in known and each not in names}
        return replace(found, came={**came, **dict.fromkeys(names, now)}, renewed={**still, **renewed})

    RECORD.update(changed)
    restart_due.drop(_LAST_REFRESH)


def unread(wanted: t.Iterable[str], bundle: str) -> t.FrozenSet[str]:
    """The CAs among *wanted* (PEM) that the running dockerd needs and has not read, given the system's *bundle*.

    It needs none that renews one which it has read. Empty if dockerd does not run: it reads all at its start.
    """
    started = daemon_start()
    if started is None:
        return frozenset()
    found = RECORD.read()
    new = [each for each in wanted if each.strip() not in bundle or _is_after(_name(each), found, started)]
    renewed = {**found.renewed, **renewals(new, bundle)} if new else {}
    return frozenset(each for each in new if not _vouched(renewed.get(_name(each)), started))


def renewals(new: t.Iterable[str], bundle: str) -> t.Dict[str, Renewal]:
    """Which of the CAs *new* (PEM) renew one in *bundle*, the system's before they are added, that dockerd has read."""
    started = daemon_start()
    if started is None:
        return {}
    found = RECORD.read()
    ends: t.Dict[str, float] = {}
    for each in blocks(bundle):
        anchor, name = anchor_of(each), _name(each)
        if anchor is None:
            continue
        if not _is_after(name, found, started):
            ends[anchor.identity] = max(anchor.ends, ends.get(anchor.identity, 0))
        elif _vouched(found.renewed.get(name), started):
            ends.setdefault(anchor.identity, found.renewed[name].ends)
    anchors = {_name(each): anchor_of(each) for each in new}
    since = restart_due.start(started)
    return {
        name: Renewal(since, ends[anchor.identity])
        for name, anchor in anchors.items()
        if anchor is not None and anchor.identity in ends
    }


def _is_after(name: str, found: Authorities, started: float) -> bool:
    """Whether the CA of this *name* was added after dockerd *started*."""
    return restart_due.is_after(found.came.get(name, restart_due.mark(_LAST_REFRESH)), started)


def _vouched(renewal: t.Optional[Renewal], started: float) -> bool:
    """Whether the running dockerd has read the CA that was renewed, which does not end soon."""
    if renewal is None or renewal.since != restart_due.start(started):
        return False
    return look.before(renewal.ends - _AHEAD)


def _name(pem: str) -> str:
    return hashlib.sha256(pem.strip().encode()).hexdigest()
