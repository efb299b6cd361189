# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of a host that a test makes up."""

from __future__ import annotations

import grp
import pwd
from collections.abc import Mapping, Sequence

from ansible_collections.multiarch.builders.plugins.module_utils.host.place import Users


class TheseUsers(Users):
    """*entries* by name, of which the first has its id, and *groups* by id; nobody is in another group."""

    def __init__(self, entries: Mapping[str, pwd.struct_passwd], groups: Mapping[int, str] | None = None) -> None:
        self._entries, self._groups = entries, groups or {}

    def named(self, name: str) -> pwd.struct_passwd:
        return self._entries[name]

    def numbered(self, uid: int) -> pwd.struct_passwd:
        found = next((each for each in self._entries.values() if each.pw_uid == uid), None)
        if found is None:
            raise KeyError(uid)
        return found

    def every(self) -> Sequence[pwd.struct_passwd]:
        return list(self._entries.values())

    def groups(self, entry: pwd.struct_passwd) -> Sequence[int]:
        return [entry.pw_gid]

    def group(self, gid: int) -> grp.struct_group:
        return grp.struct_group((self._groups[gid], "x", gid, []))
