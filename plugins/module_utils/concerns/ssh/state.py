# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a node's sshd, and what was found there."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.record import Client


@dataclass(frozen=True)
class SshWanted:
    """*clients* who log in here; those without a key keep the recorded one.

    *settled* are schedulers of which these are all: their other clients go. With *retired* all go. *limits* says
    whether sshd's limits are raised.
    """

    clients: t.Tuple[Client, ...] = ()
    settled: t.FrozenSet[str] = frozenset()
    limits: bool = False
    retired: bool = False


@dataclass(frozen=True)
class Login:
    """The *home* of a user of this host, None for an unknown user; the *text* of authorized_keys, None if missing.

    *settings* are those of sshd for that user, empty if unknown.
    """

    home: t.Optional[str]
    text: t.Optional[str] = None
    settings: t.Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SshState:
    """The recorded *clients*, the *logins* by name, sshd's *main* file and our *drop_in*, None if missing.

    *ours* says whether the drop-in is managed, *unread* that sshd has not read it yet.
    """

    clients: t.Tuple[Client, ...] = ()
    logins: t.Mapping[str, Login] = field(default_factory=dict)
    main: str = ""
    drop_in: t.Optional[str] = None
    ours: bool = False
    unread: bool = False
