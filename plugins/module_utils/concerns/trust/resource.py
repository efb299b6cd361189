# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host trusts its registries: dockerd's certs.d, the operating system's store, the users' logins."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust import (
    foreign_files,
    hosts_files,
    login,
    messages,
    owned_logins,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import (
    Login,
    Logout,
    Place,
    daemon_files,
    left_out,
    missing_from,
    store_files,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.plan import (
    NO_USER,
    ForgetFile,
    LoginStep,
    RefreshStore,
    TrustState,
    planned,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.rootless import rootless_files
from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import must
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import differs, read
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import (
    Store,
    bundle_of,
    fingerprints,
    is_here,
    system_store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user, owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params, Registry, registries_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Doers,
    Effects,
    Kind,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state import authorities
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import (
    forget_owned,
    leftovers,
    remove_owned,
    write_owned,
)


@dataclass
class Trust(Concern[TrustState]):
    """The trust in all registries of the table, and the logins there.

    *alone* says that the run does not write hosts.toml, which may name the files: the concern daemon is not part of it.
    """

    registries: t.Tuple[Registry, ...]
    users: t.Tuple[str, ...]
    alone: bool = False
    concern: t.ClassVar[str] = "trust"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> Trust:  # noqa: ARG003  # needs no Docker
        return cls(registries_of(params), tuple(params["users"]), "daemon" not in params.get("concerns", ()))

    def observe(self) -> TrustState:
        store = system_store()
        anchors = store_files(self.registries, store)
        of_daemon = daemon_files(self.registries)
        wanted = (*of_daemon, *rootless_files(self.registries, self.users), *anchors)
        missing = tuple(each for each in wanted if differs(each))
        present = [each for each in anchors if each not in missing]
        bundle = bundle_of(store)
        remove, forget = self._leftovers(wanted)
        named = hosts_files.naming(each.path for each in remove) if self.alone else {}
        logins, asked = self._logins()
        logouts, notes = owned_logins.retired(owned_logins.remembered(), asked)
        known = RECORD.read()
        return TrustState(
            store,
            write=missing,
            remove=tuple(each for each in remove if each.path not in named),
            stale=known.stale or bool(missing_from(bundle, present)),
            logins=logins,
            logouts=logouts,
            forget=forget,
            notes=(
                *Kind.LIMIT.notes(left_out(self.registries, store)),
                *Kind.LEFT_ALONE.notes(
                    foreign_files.notes_on(self.registries, {each.path for each in of_daemon}, known.files)
                ),
                *Kind.WAITS.notes((*notes, *hosts_files.notes_on(named))),
            ),
            replaced=_replaced(logins, logouts),
            has_store=is_here(store),
            before={each.path: fingerprints(read(each.path, each.owner, errors="replace") or "") for each in missing},
            theirs=frozenset(known.former),
            links={each.path: link for each in missing if each.owner is None and (link := look.link(each.path))},
        )

    def _leftovers(self, wanted: t.Sequence[WriteFile]) -> t.Tuple[t.Tuple[RemoveFile, ...], t.Tuple[ForgetFile, ...]]:
        """Managed files no longer required, a user's with that user's rights, and those whose user was removed."""
        users = RECORD.read().owners
        ids = {path: owner_of(user) for path, user in users.items() if is_user(user)}
        left = leftovers(RECORD.read().files, wanted, ids)
        kept = {look.real(each.path): each.path for each in wanted} if left else {}

        def why(file: RemoveFile) -> str:
            if file.path in users.keys() - ids.keys():
                return NO_USER
            same = kept.get(look.real(file.path))  # of two folders, one may be a link to the other
            return f"it is the same file as {same}" if same else self._why_left(file)

        stays = {each.path: why(each) for each in left}
        forget = tuple(ForgetFile(path, why) for path, why in stays.items() if why)
        return tuple(each for each in left if not stays[each.path]), forget

    def _why_left(self, file: RemoveFile) -> str:  # noqa: ARG002  # only a retirement keeps files
        """Why a managed file that is no longer required is kept; "" if it is removed."""
        return ""

    def _why(self, step: t.Union[RemoveFile, Logout]) -> str:
        return messages.reason(step, self.registries, self.users)

    def _logins(self) -> t.Tuple[t.Tuple[Login, ...], t.FrozenSet[Place]]:
        """The missing logins, and the places of all specified ones."""
        pairs = [(user, registry) for registry in self.registries if registry.username for user in self.users]
        missing = tuple(Login(*pair) for pair in pairs if not login.is_logged_in(*pair))
        return missing, frozenset(login.place_of(*pair) for pair in pairs)

    def plan(self, state: TrustState, effects: Effects) -> Plan:
        return planned(state, effects, self._why)

    def apply(self, actions: t.Sequence[Action]) -> None:
        doers: Doers = {
            WriteFile: lambda step: write_owned(RECORD, step),
            RemoveFile: self._remove,
            RefreshStore: lambda step: self._refresh(step.store),
            ForgetFile: lambda step: forget_owned(RECORD, step.path),
            Login: owned_logins.log_in_owned,
            Logout: owned_logins.log_out_owned,
        }
        perform(actions, doers)

    def _remove(self, step: RemoveFile) -> None:
        if not certs_d.holds(step.path):
            self._stale(True)
        remove_owned(RECORD, step)

    def _refresh(self, store: Store) -> None:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust import dangling_links

        anchors = store_files(self.registries, store)
        bundle = bundle_of(store)
        missing = missing_from(bundle, anchors)
        new = [each.content for each in anchors if each.path in missing]
        there = [each.content for each in anchors]
        renewed = authorities.renewals(new, bundle)
        authorities.come(new, there, renewed)  # also before: a run may be killed after the store has changed
        must(store.refresh, "the operating system's trust store cannot be refreshed")
        authorities.come(new, there, renewed)
        dangling_links.sweep(store.links)
        self._stale(False)

    def _stale(self, stale: bool) -> None:
        """Record that the store must be refreshed: a crash after a removal leaves no other sign."""
        RECORD.update(lambda found: replace(found, stale=stale))


def _replaced(logins: t.Iterable[Login], logouts: t.Iterable[Logout]) -> t.Dict[LoginStep, str]:
    found: t.Dict[LoginStep, t.Optional[str]] = {}
    found.update((each, owned_logins.replaced_by(each)) for each in logins)
    found.update((each, owned_logins.replaced(each)) for each in logouts)
    return {step: name for step, name in found.items() if name}
