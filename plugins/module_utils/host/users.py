# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users of the host: their ids, homes and groups."""

from __future__ import annotations

import os
import pwd
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.look import is_folder
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner

UserEntry = pwd.struct_passwd


def user_entry(name: str) -> UserEntry:
    """The user's entry. Raises HostError for an unknown one."""
    try:
        return here().users.named(name)
    except KeyError:
        raise HostError(
            f"builder_users: {name!r} is not a user of this host", remedy="Create the user first, or remove the name"
        ) from None


def home_of(name: str) -> str:
    """The user's home. Raises HostError if it does not exist: only root could create it."""
    home = user_entry(name).pw_dir
    if not is_folder(home):
        raise HostError(
            f"builder_users: {name!r} has no home folder, {home} does not exist: create it, or remove the name"
        )
    return home


def is_user(name: str) -> bool:
    """Whether this host has the user."""
    try:
        user_entry(name)
    except HostError:
        return False
    return True


def owner_of(name: str) -> Owner:
    """The user's ids, for files of that user."""
    entry = user_entry(name)
    return Owner(entry.pw_uid, entry.pw_gid)


def me() -> Owner:
    """The ids of this process, and so of files that it creates: root's, except in tests."""
    return Owner(os.geteuid(), os.getegid())


def name_of(uid: int) -> str:
    """The name of the user with this id. Raises KeyError if there is none."""
    return here().users.numbered(uid).pw_name


def group_name(gid: int) -> t.Optional[str]:
    """The name of the group with this id, None if there is none."""
    try:
        return here().users.group(gid).gr_name
    except KeyError:
        return None
