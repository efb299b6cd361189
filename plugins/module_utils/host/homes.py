# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether docker can keep a user's files in the user's home: system users often have none, or one that is root's."""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host import watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import acting_as
from ansible_collections.multiarch.builders.plugins.module_utils.host.look import is_folder, own_rights, real
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at, here
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import home_of, owner_of, user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

_ENTER_AND_WRITE = 0o3


def require_home(name: str) -> None:
    """Raise HostError unless the user has a home, and ~/.docker in it or the right to create that."""
    home, owner = home_of(name), owner_of(name)
    # Not state(): a home's time changes with each file in it, and a trace would hold for that long only.
    found, groups = own_rights(real(home)), here().users.groups(user_entry(name))
    if found is None or may_write(found, owner.uid, groups):
        return
    with contextlib.suppress(PermissionError), acting_as(owner):  # a folder above is closed to the user
        if is_folder(f"{home}/.docker") or _kernel_says_so(home):
            return
    made = f"install --directory --owner {name} --group {owner.gid} --mode 700 {home}/.docker"
    raise HostError(
        f"builder_users: {name!r} may not write to its home folder, {home} has mode {stat.S_IMODE(found.st_mode):04o} "
        f"and belongs to user {found.st_uid}, so docker cannot keep its files there: `{made}`, or remove the name"
    )


def _kernel_says_so(home: str) -> bool:
    """Whether the present user may write there: the kernel knows access control lists, too."""
    watch.spoil(f"access to {home} was tried")
    return os.access(at(home), os.W_OK | os.X_OK, effective_ids=True)


def may_write(found: os.stat_result, uid: int, groups: t.Collection[int]) -> bool:
    """Whether the mode of a folder lets a user create something in it. Pure."""
    shift = 6 if found.st_uid == uid else 3 if found.st_gid in groups else 0
    return uid == 0 or found.st_mode >> shift & _ENTER_AND_WRITE == _ENTER_AND_WRITE
