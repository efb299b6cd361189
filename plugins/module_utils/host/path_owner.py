# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose rights are used to access a user-supplied path: a planted link must not redirect root."""

from __future__ import annotations

import os
import pathlib
import stat
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.look import link, own_rights
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner

_MOST_LINKS = 40  # as the kernel: path_resolution(7)


def owner_on_the_way(path: str) -> t.Optional[Owner]:
    """The first owner other than root on the way to *path*, who may redirect it; None if all of it is root's.

    Raises HostError if anybody may: in a world-writable folder without the sticky bit.
    """
    for each, state in _way(path):
        if state.st_uid != 0:
            return Owner(state.st_uid, state.st_gid)
        if stat.S_ISDIR(state.st_mode) and stat.S_IMODE(state.st_mode) & 0o1002 == 0o002:
            raise HostError(
                f"{path} was not changed: every user may replace files in {each}. Revoke that with "
                f"`chmod o-w {each}`, or use a file elsewhere"
            )
    return None


def _way(path: str) -> t.Iterator[t.Tuple[pathlib.Path, os.stat_result]]:
    """The existing parts of *path*: folders, links and their targets."""
    here, left, links = pathlib.Path("/"), list(pathlib.Path(path).parts[1:]), 0
    while left:
        part = left.pop(0)
        if part == "..":
            here = here.parent
            continue
        state = own_rights(here / part)
        if state is None:
            return
        target = link(here / part) if stat.S_ISLNK(state.st_mode) else None
        yield here / part, state
        if target is None:
            here /= part
            continue
        links += 1
        if links > _MOST_LINKS:
            return
        parts = list(pathlib.Path(target).parts)
        if target.startswith("/"):
            here, parts = pathlib.Path("/"), parts[1:]
        left = parts + left
