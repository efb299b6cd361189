# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the concern trust. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust import messages
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import Login, Logout
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import Store
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Effects,
    Note,
    Plan,
    arrival,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile

NO_USER = "its user does not exist on this host"
LoginStep = t.Union[Login, Logout]


@dataclass(frozen=True)
class RefreshStore:
    """The step that rebuilds the operating system's bundle from its anchors."""

    store: Store


@dataclass(frozen=True)
class ForgetFile:
    """The step that drops a managed file from the record without removing it, and why."""

    path: str
    why: str = NO_USER


@dataclass(frozen=True)
class TrustState:
    """What differs: files to write, managed ones no longer required, a bundle older than its anchors, logins.

    *has_store* says whether the command that refreshes the *store* exists, *replaced* are the names in foreign logins
    that ours replace or replaced. *before* are the fingerprints in existing files to write, by path; *theirs* are the
    managed files that replaced a foreign one, *links* the targets of links that files to write replace.
    """

    store: Store
    write: t.Tuple[WriteFile, ...] = ()
    remove: t.Tuple[RemoveFile, ...] = ()
    stale: bool = False
    logins: t.Tuple[Login, ...] = ()
    logouts: t.Tuple[Logout, ...] = ()
    forget: t.Tuple[ForgetFile, ...] = ()
    notes: t.Tuple[Note, ...] = ()
    replaced: t.Mapping[LoginStep, str] = field(default_factory=dict)
    has_store: bool = True
    before: t.Mapping[str, str] = field(default_factory=dict)
    theirs: t.FrozenSet[str] = frozenset()
    links: t.Mapping[str, str] = field(default_factory=dict)


def planned(state: TrustState, effects: Effects, why: t.Callable[[t.Union[RemoveFile, Logout]], str]) -> Plan:
    """The plan; *why* returns why something is no longer required. Raises HostError without a store."""
    store = state.store
    if not state.has_store and not arrival(effects).trust_store:
        raise HostError(f"{store.refresh[0]} is not on this host: install ca-certificates")
    actions = []
    for file in state.write:
        difference = messages.difference_of(file, state.before.get(file.path, ""))
        summary = messages.of_file(file, state.links.get(file.path))
        actions.append(Action(summary, file, difference=difference))
    for left in state.remove:
        told = messages.of_removal(left, was_theirs=left.path in state.theirs)
        actions.append(Action(told + why(left), left))
    actions += [Action(f"forget {each.path}: {each.why}", each) for each in state.forget]
    changed = [each.path for each in state.write] + [each.path for each in state.remove]
    if state.stale or any(path.startswith(store.anchors) for path in changed):
        summary = f"refresh the operating system's trust store ({' '.join(store.refresh)})"
        actions.append(Action(summary, RefreshStore(store)))
    actions += [Action(messages.of_login(each, state.replaced.get(each)), each) for each in state.logins]
    actions += [Action(messages.of_logout(each, why(each), state.replaced.get(each)), each) for each in state.logouts]
    return Plan(tuple(actions), state.notes)
