# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner and mode of a user's builder store: entries hold keys of registries and passwords of proxies.

buildx creates entries with mode 0600 in directories of 0700 (docker/buildx, store/store.go), and never re-checks.
"""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import (
    RestoreRights,
    Rights,
    faults,
    folder,
    secret,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner


def observe(users: t.Iterable[str], builders: t.Collection[str]) -> t.Dict[Rights, str]:
    """{what is too permissive: how, as text}, of the entries of *builders*, and the directories above them."""
    wanted = [each for user in users for each in rights_of(store.folder(user), builders, owner_of(user))]
    return faults(wanted)


def rights_of(path: str, builders: t.Iterable[str], owner: Owner) -> t.Tuple[Rights, ...]:
    """The required rights of the store at *path*, which belongs to *owner*. Pure."""
    top = pathlib.PurePath(path)
    folders = [folder(str(each), owner) for each in (top.parent, top, top / "instances")]
    return (*folders, *(secret(f"{path}/instances/{name.lower()}", owner) for name in builders))


def actions_for(loose: t.Mapping[Rights, str]) -> t.List[Action]:
    """The action that restores their owner and mode."""
    if not loose:
        return []
    words = "; ".join(loose.values())
    return [Action(f"restrict access to keys and passwords: {words}", RestoreRights(tuple(loose)))]
