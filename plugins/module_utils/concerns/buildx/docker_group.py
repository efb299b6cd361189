# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker socket group membership of the users. It is root-equivalent, so it is only changed on request."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import SOCKET
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import must, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import group_name, is_user, user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action

_GROUP = "docker"


@dataclass(frozen=True)
class ChangeMember:
    """The step that adds *user* to *group*, or removes the user from it."""

    user: str
    group: str
    joins: bool


@dataclass(frozen=True)
class Membership:
    """*outside* are the users who are not in *group* (root needs no group), *ours* those whom we added.

    *refused* are those outside for whom Docker was tried and failed, with the cause.
    """

    group: str = _GROUP
    outside: t.Tuple[str, ...] = ()
    ours: t.Tuple[str, ...] = ()
    refused: t.Mapping[str, str] = field(default_factory=dict)


def observe(users: t.Sequence[str]) -> Membership:
    """The current membership; a docker that is not installed yet will have the usual group."""
    group = _group()
    outside = tuple(user for user in users if user_entry(user).pw_uid != 0 and group not in groups_of(user))
    return Membership(group, outside, tuple(filter(is_user, RECORD.read().members)))


def actions_for(asked: bool, users: t.Sequence[str], found: Membership) -> t.List[Action]:
    """Whom to add, and which of those we added to remove, as it is no longer specified. Pure."""
    coming = [user for user in found.outside if asked]
    going = [user for user in found.ours if not asked or user not in users]
    return [
        *(_action(f"add {user} to the group {found.group}", ChangeMember(user, found.group, True)) for user in coming),
        *(
            _action(f"remove {user} from the group {found.group}", ChangeMember(user, found.group, False))
            for user in going
        ),
    ]


def _action(words: str, step: ChangeMember) -> Action:
    return Action(f"{words} (root-equivalent on this host)", step)


def asked(found: Membership, users: t.Iterable[str]) -> Membership:
    """*found*, with Docker tried as *users*: one outside the group may have a rootless one, or a context."""
    run_as = {user: run(["docker", "version", "--format", "{{.Server.Version}}"], user=user) for user in users}
    return replace(found, refused={user: each.cause for user, each in run_as.items() if each.status != 0})


def require(users: t.Iterable[str], found: Membership, *, docker: bool = True) -> None:
    """Raise HostError for *users* who may not use Docker. Pure.

    *docker* says whether it is installed, and was tried; else the group decides.
    """
    if docker:
        told = {user: f"may not use Docker ({cause})" for user, cause in found.refused.items()}
    else:
        told = dict.fromkeys(found.outside, "may not use Docker once it is installed")
    refused = [f"{user} {told[user]}" for user in users if user in told]
    if refused:
        raise HostError(
            f"{'; '.join(refused)}: add the user to the group {found.group}, or set builder_docker_group to true;"
            " members of that group are root-equivalent on this host"
        )


def apply(step: ChangeMember) -> None:
    """Change one membership. Recorded before: a crash in between records too much, never too little."""
    others = tuple(each for each in RECORD.read().members if each != step.user)
    if step.joins:
        RECORD.update(lambda found: replace(found, members=(*others, step.user)))
        must(["usermod", "--append", "--groups", step.group, step.user], f"{step.user} cannot join {step.group}")
        return
    if step.group in groups_of(step.user):
        must(["gpasswd", "--delete", step.user, step.group], f"{step.user} cannot leave {step.group}")
    RECORD.update(lambda found: replace(found, members=others))


def groups_of(user: str) -> t.FrozenSet[str]:
    """The names of all groups of *user*, as a new process of that user gets them."""
    return frozenset(filter(None, map(group_name, here().users.groups(user_entry(user)))))


def _group() -> str:
    """The group of Docker's socket; never root's own, to which no user is added."""
    found = look.state(SOCKET)
    name = group_name(found.st_gid) if found else None
    return _GROUP if name in (None, "root") else name
