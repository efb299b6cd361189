# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stores of all users of a host, in which buildx keeps each one's builders (docker/buildx, store/store.go)."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here


@dataclass(frozen=True)
class Stores:
    """*folders* by user, each folder once; the users of whom it cannot be told whether they have one are *unread*."""

    folders: t.Mapping[str, str] = field(default_factory=dict)
    unread: t.Tuple[str, ...] = ()


def found() -> Stores:
    """The stores in the users' homes; one that BUILDX_CONFIG or DOCKER_CONFIG puts elsewhere is not found."""
    owners: t.Dict[str, str] = {}
    unread = []
    for each in here().users.every():
        folder = f"{each.pw_dir.rstrip('/')}/.docker/buildx"
        try:
            there = look.is_folder(f"{folder}/instances")
        except OSError:  # such as a home on a network that is down
            unread.append(each.pw_name)
            continue
        if there and (folder not in owners or _owns(folder, each.pw_uid)):  # several users may have one home
            owners[folder] = each.pw_name
    return Stores({user: folder for folder, user in owners.items()}, tuple(unread))


def _owns(folder: str, uid: int) -> bool:
    state = look.state(folder)
    return state is not None and state.st_uid == uid
