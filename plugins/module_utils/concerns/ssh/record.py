# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom this host authorises for docker's connections from other hosts, as recorded."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import WithFiles
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclass(frozen=True)
class Client:
    """A *user* of the host *scheduler* who logs in here as *login*, with the public *key*, "" if that is not known."""

    scheduler: str
    user: str
    login: str
    key: str = ""

    @property
    def who(self) -> t.Tuple[str, str, str]:
        """Whose key it is, and where."""
        return self.scheduler, self.user, self.login


@dataclass(frozen=True)
class SshRecord(WithFiles):
    """ssh.json: the authorised *clients*, and by login the paths that were *made* for them.

    Its files are sshd's settings; *reload* says that sshd has not read them yet.
    """

    clients: t.Tuple[Client, ...] = ()
    made: t.Mapping[str, t.Tuple[str, ...]] = field(default_factory=dict)
    reload: bool = False


RECORD = RecordFile("ssh", SshRecord)
