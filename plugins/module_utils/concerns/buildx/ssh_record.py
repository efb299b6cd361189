# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is recorded of a scheduler's ssh keys, and of the nodes that they are for."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import WithFiles
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclass(frozen=True)
class OwnKey:
    """A user's key: its *public* half, when it was *made* (UTC), whether ~/.ssh was made for it."""

    public: str = ""
    made: str = ""
    folder: bool = False


@dataclass(frozen=True)
class KnownNode:
    """A node as ssh finds it: the *host* of the inventory, its address, port and host *keys*."""

    host: str
    address: str = ""
    port: int = 22
    keys: t.Tuple[str, ...] = ()


@dataclass(frozen=True)
class SshKeysRecord(WithFiles):
    """ssh_keys.json: the *keys* by user, the *nodes* by their names for ssh; the files are those of ssh's settings."""

    keys: t.Mapping[str, OwnKey] = field(default_factory=dict)
    nodes: t.Mapping[str, KnownNode] = field(default_factory=dict)


RECORD = RecordFile("ssh_keys", SshKeysRecord)
