# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ssh keys of a scheduler's users, for the nodes of their builders alone, and the settings by which ssh uses them.

A private key is made in its user's home, with the user's rights, and never leaves it: what is compared and recorded is
its public half, as ssh-keygen tells it.
"""

from __future__ import annotations

import contextlib
import stat
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import ssh_config, ssh_plan
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ssh_config import (
    CONFIG,
    FORMER,
    KEY,
    KNOWN_HOSTS,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ssh_plan import (
    Seen,
    SshPlan,
    SshState,
    SshWanted,
    UserKey,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ssh_record import RECORD, OwnKey
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import NoProgramError, must, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import acting_as, make_folders, read
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import home_of, is_user, owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params, instances_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Doers,
    Effects,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.ssh import SshNode, public_key
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import remove_owned, write_owned
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import now, without


def wanted_of(params: Params) -> SshWanted:
    """What the options ask for."""
    found = {
        node.ssh.alias: node.ssh
        for each in instances_of(params)
        for node in each.nodes
        if node.ssh is not None and each.driver == "docker-container"
    }
    given = params["ssh_options"]
    seen = {
        host: Seen(
            tuple(filter(None, map(public_key, row.get("host_keys") or ()))),
            {login: tuple(keys) for login, keys in (row.get("authorised") or {}).items()},
        )
        for host, row in (given.get("nodes") or {}).items()
    }
    users = tuple(params["users"]) if found else ()
    coming = frozenset(given.get("coming") or ())
    return SshWanted(tuple(found.values()), users, given.get("renew_before") or "", seen, coming)


def observe(wanted: SshWanted) -> SshState:
    """The keys and files that are there; nothing is looked for where nothing is asked for and nothing recorded."""
    known = RECORD.read()
    if not wanted.nodes and not known.keys and not known.nodes and not known.files:
        return SshState()
    texts = {path: text for path, text in ((path, read(path)) for path in (CONFIG, KNOWN_HOSTS)) if text is not None}
    foreign = [] if wanted.nodes or known.files else list(texts)
    state = SshState(
        keys=tuple(_key_of(user, known.keys.get(user)) for user in wanted.users),
        files={path: text for path, text in texts.items() if path not in foreign},
        nodes=known.nodes,
        leaving=tuple(user for user in known.keys if user not in wanted.users),
        client=not wanted.nodes or look.program("ssh") is not None,
    )
    nodes = ssh_plan.nodes_of(wanted, known.nodes)
    if nodes and texts.get(CONFIG) == ssh_config.config({**known.nodes, **nodes}):
        alias = sorted(nodes)[0]
        words = [each for user in wanted.users for each in _overridden(user, alias, nodes[alias])]
        state = replace(state, overridden=tuple(words))
    return state


def is_known(state: SshState, node: t.Optional[SshNode]) -> bool:
    """Whether ssh can find a node: not before its settings are written, and a search for its name may take long."""
    return node is None or (CONFIG in state.files and node.alias in state.nodes)


def _overridden(user: str, alias: str, node: t.Any) -> t.Tuple[str, ...]:
    try:
        shown = run(["ssh", "-G", "--", alias], user=user)
    except NoProgramError:
        return ()  # a connection tells it
    return ssh_config.overridden(shown.stdout, node, user) if shown.status == 0 else ()


def _key_of(user: str, own: t.Optional[OwnKey]) -> UserKey:
    path, owner = f"{home_of(user)}/{KEY}", owner_of(user)
    try:
        with acting_as(owner):
            found, former = look.own_rights(path), look.own_rights(f"{home_of(user)}/{FORMER}")
    except OSError as exc:
        raise HostError(f"{path} cannot be read: {exc}") from exc
    if found is None:
        return UserKey(user, former=former is not None, own=own)
    shown = run(["ssh-keygen", "-y", "-P", "", "-f", str(at(path))], user=user) if stat.S_ISREG(found.st_mode) else None
    public = public_key(shown.stdout) if shown is not None and shown.status == 0 else ""
    closed = stat.S_IMODE(found.st_mode) & 0o077 == 0
    if not closed and own is not None:  # ssh-keygen refuses it as ssh does
        public = own.public
    return UserKey(user, True, public, closed, former is not None, own)


@dataclass
class SshKeys(Concern[SshState]):
    """A scheduler's keys alone: the first part of its builders, before nodes authorise them."""

    wanted: SshWanted = field(default_factory=SshWanted)
    concern: t.ClassVar[str] = "buildx"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> SshKeys:  # noqa: ARG003  # no builder is looked at
        return cls(wanted_of(params))

    def observe(self) -> SshState:
        return observe(self.wanted)

    def plan(self, state: SshState, effects: Effects) -> Plan:  # noqa: ARG002  # nothing of it matters
        found: SshPlan = ssh_plan.planned(self.wanted, state)
        return Plan(found.before, found.notes)

    def apply(self, actions: t.Sequence[Action]) -> None:
        perform(actions, doers())


def doers() -> Doers:
    """The handlers of all steps."""
    return {
        ssh_plan.MakeKey: lambda step: _make(step.user),
        ssh_plan.CloseKey: lambda step: _close(step.user),
        ssh_plan.DropFormer: lambda step: _remove(step.user, FORMER),
        ssh_plan.RemoveKey: lambda step: _leave(step.user),
        ssh_plan.SetFile: _set_file,
        ssh_plan.ForgetNodes: _forget_nodes,
        ssh_plan.Authorise: lambda _step: None,  # the controller did, or says why not
    }


def _make(user: str) -> None:
    """Make a key beside the former one; that there will be one is recorded before, or a killed run would leave it."""
    home, owner = home_of(user), owner_of(user)
    path, own = f"{home}/{KEY}", RECORD.read().keys.get(user)
    new = f"{path}.new"
    try:
        with acting_as(owner):
            folder = own.folder if own else not look.is_folder(f"{home}/.ssh")
        if own is None:
            RECORD.update(lambda found: replace(found, keys={**found.keys, user: OwnKey(made=now(), folder=folder)}))
        with acting_as(owner):
            make_folders(at(f"{home}/.ssh"), 0o700)
            for each in (new, f"{new}.pub"):
                at(each).unlink(missing_ok=True)
    except OSError as exc:
        raise HostError(f"the ssh key of {user} cannot be made: {exc}") from exc
    comment = f"multiarch-builders:{user}"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(at(new))]
    must(command, f"the ssh key of {user} cannot be made", user=user)
    public = public_key(read(f"{new}.pub", owner) or "")
    RECORD.update(lambda found: replace(found, keys={**found.keys, user: OwnKey(public, now(), folder)}))
    try:
        with acting_as(owner):
            if look.exists(path):
                at(path).replace(at(f"{home}/{FORMER}"))
            at(new).replace(at(path))
            at(f"{new}.pub").unlink(missing_ok=True)
    except OSError as exc:
        raise HostError(f"the ssh key of {user} cannot be made: {exc}") from exc


def _close(user: str) -> None:
    path = f"{home_of(user)}/{KEY}"
    try:
        with acting_as(owner_of(user)):
            at(path).chmod(0o600)
    except OSError as exc:
        raise HostError(f"{path} cannot be made private: {exc}") from exc


def _remove(user: str, name: str) -> None:
    path = f"{home_of(user)}/{name}"
    try:
        with acting_as(owner_of(user)):
            at(path).unlink(missing_ok=True)
    except OSError as exc:
        raise HostError(f"{path} cannot be removed: {exc}") from exc


def _leave(user: str) -> None:
    own = RECORD.read().keys.get(user)
    if is_user(user):
        for name in (KEY, FORMER, f"{KEY}.new", f"{KEY}.new.pub"):
            _remove(user, name)
        if own is not None and own.folder:
            with acting_as(owner_of(user)), contextlib.suppress(OSError):
                at(f"{home_of(user)}/.ssh").rmdir()
    RECORD.update(lambda found: replace(found, keys=without(found.keys, user)))


def _set_file(step: ssh_plan.SetFile) -> None:
    write_owned(RECORD, step.file)
    RECORD.update(lambda found: replace(found, nodes=dict(step.nodes)))


def _forget_nodes(step: ssh_plan.ForgetNodes) -> None:
    for file in step.files:
        remove_owned(RECORD, file)
    RECORD.update(lambda found: replace(found, nodes={}))
