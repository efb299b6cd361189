# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host trusts its registries: dockerd's certs.d, the operating system's store, the users' logins."""

from __future__ import annotations

import pathlib
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils import pending, record
from ansible_collections.multiarch.builders.plugins.module_utils.command import must
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.files import RemoveFile, WriteFile, differs, read
from ansible_collections.multiarch.builders.plugins.module_utils.owned_files import (
    leftovers,
    owned,
    remove_owned,
    write_owned,
)
from ansible_collections.multiarch.builders.plugins.module_utils.resource import (
    Action,
    Difference,
    Effect,
    Effects,
    Plan,
    Resource,
)
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.trust import login
from ansible_collections.multiarch.builders.plugins.module_utils.trust.decide import (
    DEBIAN,
    RED_HAT,
    Store,
    daemon_files,
    fingerprints,
    missing_from,
    store_files,
)

_STORE_CHANGES: Effects = frozenset({Effect.TRUST_STORE_CHANGES})


@dataclass(frozen=True)
class RefreshStore:
    """The step that makes the operating system's bundle from its anchors."""

    store: Store


@dataclass(frozen=True)
class TrustState:
    """What differs: files to write, what is ours and no longer wanted, a bundle behind its anchors, missing logins."""

    write: t.Tuple[WriteFile, ...]
    remove: t.Tuple[RemoveFile, ...]
    stale: bool
    logins: t.Tuple[login.Login, ...]


@dataclass
class Trust(Resource[TrustState]):
    """Everything that the table of registries says about trust."""

    registries: t.Tuple[Registry, ...]
    users: t.Tuple[str, ...]
    concern: t.ClassVar[str] = "trust"

    def observe(self) -> TrustState:
        store = system_store()
        anchors = store_files(self.registries, store)
        wanted = (*daemon_files(self.registries), *anchors)
        missing = tuple(each for each in wanted if differs(each))
        present = [each for each in anchors if each not in missing]
        bundle = read(store.bundle, errors="replace") or ""
        return TrustState(
            write=missing,
            remove=leftovers(owned(self.concern), wanted),
            stale=bool(record.load(self.concern).get("stale")) or bool(missing_from(bundle, present)),
            logins=self._missing_logins(),
        )

    def _missing_logins(self) -> t.Tuple[login.Login, ...]:
        return tuple(
            login.Login(user, registry)
            for registry in self.registries
            if registry.username
            for user in self.users
            if not login.is_logged_in(user, registry)
        )

    def plan(self, state: TrustState, effects: Effects) -> Plan:  # noqa: ARG002  # nothing comes before trust
        store = system_store()
        actions = [
            Action(f"write {each.path} ({_words(each)})", each, difference=_difference(each)) for each in state.write
        ]
        actions += [Action(f"remove {each.path}, no longer in builder_registries", each) for each in state.remove]
        changed = [action.step.path for action in actions if isinstance(action.step, (WriteFile, RemoveFile))]
        if state.stale or any(path.startswith(store.anchors) for path in changed):
            summary = f"refresh the operating system's trust store ({' '.join(store.refresh)})"
            actions.append(Action(summary, RefreshStore(store), _STORE_CHANGES))
        actions += [
            Action(f"log {each.user} in to {each.registry.host} as {each.registry.username}", each)
            for each in state.logins
        ]
        return Plan(tuple(actions))

    def apply(self, actions: t.Sequence[Action]) -> None:
        for action in actions:
            step = action.step
            if isinstance(step, WriteFile):
                write_owned(self.concern, step)
            elif isinstance(step, RemoveFile):
                self._stale(True)
                remove_owned(self.concern, step)
            elif isinstance(step, RefreshStore):
                pending.note(Effect.TRUST_STORE_CHANGES)
                must(step.store.refresh, "the operating system's trust store cannot be refreshed")
                self._stale(False)
            elif isinstance(step, login.Login):
                login.log_in(step)

    def _stale(self, stale: bool) -> None:
        """Remember that the store has to be refreshed: a crash after a removal shows nowhere else."""
        record.save(self.concern, {**record.load(self.concern), "stale": stale})


def system_store() -> Store:
    """This host's store. Raises HostError on a system that is of neither family."""
    for store in (DEBIAN, RED_HAT):
        if any((pathlib.Path(folder) / store.refresh[0]).exists() for folder in ("/usr/sbin", "/usr/bin")):
            return store
    raise HostError("neither update-ca-certificates nor update-ca-trust is on this host: install ca-certificates")


def _words(step: WriteFile) -> str:
    """What the file is, never its content: a key is a secret, a certificate no pleasure to read."""
    if step.path.endswith(".key"):
        return "client key"
    return ", ".join(each[:27] + "…" for each in fingerprints(step.content).splitlines())


def _difference(step: WriteFile) -> t.Optional[Difference]:
    if step.path.endswith(".key"):
        return None
    return Difference(step.path, fingerprints(read(step.path) or ""), fingerprints(step.content))
