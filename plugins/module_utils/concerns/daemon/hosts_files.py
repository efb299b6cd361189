# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hosts.toml in certs.d: what there is, what differs, and the actions for it."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import FilesState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.mirrors import hosts_files
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import differs, read
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Difference
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import leftovers

_GONE = "no longer in builder_registries"


def observe(registries: t.Sequence[Registry], engine: t.Optional[str]) -> FilesState:
    """What differs from the files that *engine* (its version) reads; nothing as long as it is unknown."""
    if engine is None:
        return FilesState()
    ours = RECORD.read().files
    wanted = hosts_files(registries, engine)
    missing = [each for each in wanted if differs(each)]
    theirs = [each.path for each in missing if each.path not in ours and read(each.path) is not None]
    write = tuple(each for each in missing if each.path not in theirs)
    remove = leftovers(ours, wanted)
    reasons = {each.path: why_not(each.path, registries, engine) for each in remove}
    return FilesState(write=write, remove=remove, theirs=tuple(theirs), reasons=reasons)


def why_not(path: str, registries: t.Sequence[Registry], engine: str) -> str:
    """Why the hosts.toml at *path* is not wanted. Pure."""
    for each in registries:
        if certs_d.path(each.host, certs_d.HOSTS) == path:
            if each.hosts_toml:
                return f"which Docker {engine} does not read: it has mirrors in daemon.json alone (28.0 and newer do)"
            return f"as {each.host} has no mirrors in builder_registries any more"
    return _GONE


def actions_for(files: FilesState) -> t.List[Action]:
    """What they want."""
    actions = [
        Action(
            f"write {each.path}, which docker reads at every pull",
            each,
            difference=Difference(each.path, read(each.path) or "", each.content),
        )
        for each in files.write
    ]
    return actions + [
        Action(f"remove {each.path}, {files.reasons.get(each.path, _GONE)}", each) for each in files.remove
    ]


def notes_on(files: FilesState) -> t.List[str]:
    """What is left alone."""
    return [
        f"{each} is somebody else's and was left alone: remove it to have it made from mirrors" for each in files.theirs
    ]
