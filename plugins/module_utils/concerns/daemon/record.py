# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host remembers of daemon.json and related files."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import FormerFile, WithFiles
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import Former, Owned
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclass(frozen=True)
class Left:
    """*what* remains in *folder*, and the options (*keep*) that make it visible again."""

    folder: str
    what: str
    keep: str


@dataclass(frozen=True)
class DaemonRecord(WithFiles):
    """daemon.json of the record: the keys *owned* in dockerd's file of that name, and the values that they *replaced*.

    *original* is that file before we changed it. *containerd_root* is where containerd kept its data when
    the host was provisioned, *left* is data in former data-roots.
    """

    owned: Owned = field(default_factory=dict)
    replaced: Former = field(default_factory=dict)
    original: t.Optional[FormerFile] = None
    containerd_root: t.Optional[str] = None
    left: t.Tuple[Left, ...] = ()


RECORD = RecordFile("daemon", DaemonRecord)
