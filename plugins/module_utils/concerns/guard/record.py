# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard's settings and what it did, as recorded on the host."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclass(frozen=True)
class Certificate:
    """A certificate of the variables: whose it is, its *kind* (ca or client), and its end in seconds since 1970.

    *fingerprint* is its SHA-256: two may have the same subject, as during a rotation.
    """

    registry: str
    kind: str
    subject: str
    fingerprint: str
    ends: int


@dataclass(frozen=True)
class Sweep:
    """What is removed: unused for *after* seconds, and while less than *free* bytes or *share* per cent are free.

    Without both the free space does not matter. *patterns* are names of builders that jobs create, *keep* those of
    builders and nodes that are always kept, both with wildcards as in fnmatch. *images* are dangling ones.
    """

    after: int = 86400
    free: int = 0
    share: int = 0
    patterns: t.Tuple[str, ...] = ()
    keep: t.Tuple[str, ...] = ()
    images: bool = True
    dry_run: bool = False


@dataclass(frozen=True)
class Settings:
    """guard.json: the file for *metrics*, "" for none; the limit of heals; the *certificates* to report.

    *disks* are the folders of docker and of its containerd, by these names, as far as they are known. *sweep* is None
    if nothing is swept. *nodes* are those of builders of all hosts of the inventory, which may have their container
    here. *stores* are the folders of users' stores, as the unit lets the guard write there.
    """

    metrics: str = ""
    heals_per_hour: int = 12
    certificates: t.Tuple[Certificate, ...] = ()
    disks: t.Mapping[str, str] = field(default_factory=dict)
    sweep: t.Optional[Sweep] = None
    nodes: t.Tuple[str, ...] = ()
    stores: t.Tuple[str, ...] = ()


@dataclass(frozen=True)
class Done:
    """guard_done.json, which the guard writes whenever it did something.

    *heals* counts by handler; the last one registered *healed* at the time *last_heal* (UTC). *recent* are the times
    that count towards the limit, in seconds since 1970. *limited* says since when the limit prevents others (UTC), ""
    if it does not. *failure* says why the last heal failed, "" if it did not; *failures* counts those.

    *removed* counts what was swept, by kind (builder, image), *freed* the bytes, by disk (docker, containerd). At the
    time *last_sweep* (UTC) *swept* was removed, with its reasons; *sweep_failures* and *sweep_failure* as for heals. A
    dry run has what would be removed in *would*, and in *kept* what would not, both with reasons.
    """

    heals: t.Mapping[str, int] = field(default_factory=dict)
    last_heal: str = ""
    healed: t.Tuple[str, ...] = ()
    recent: t.Tuple[int, ...] = ()
    limited: str = ""
    failures: int = 0
    failure: str = ""
    removed: t.Mapping[str, int] = field(default_factory=dict)
    freed: t.Mapping[str, int] = field(default_factory=dict)
    last_sweep: str = ""
    swept: t.Mapping[str, str] = field(default_factory=dict)
    sweep_failures: int = 0
    sweep_failure: str = ""
    would: t.Mapping[str, str] = field(default_factory=dict)
    kept: t.Mapping[str, str] = field(default_factory=dict)


RECORD, DONE = RecordFile("guard", Settings), RecordFile("guard_done", Done)
