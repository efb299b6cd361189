# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes a managed builder, its containers once no build runs in them, and restores what was there before."""

from __future__ import annotations

import contextlib
import shutil
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import (
    client,
    nodes,
    ours,
    remote_tls,
    store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ours import volume_of
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import (
    RECORD,
    OwnBuilder,
    OwnNode,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import drain
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import (
    acting_as,
    copy_of,
    read,
    remove,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user, owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state import pulled_images
from ansible_collections.multiarch.builders.plugins.module_utils.state.pulled_images import RemoveImage


@dataclass(frozen=True)
class RemoveBuilder:
    """The step that removes *own* from *users*, of whom *entries* have a managed one, and its containers of *nodes*.

    Its other nodes, except *forgotten* ones, remain in the record.
    """

    own: OwnBuilder
    users: t.Tuple[str, ...]
    entries: t.Tuple[str, ...]
    nodes: t.Tuple[OwnNode, ...]
    forgotten: t.Tuple[OwnNode, ...] = ()

    @property
    def back(self) -> t.Tuple[str, ...]:
        """The users who had a builder of that name before us."""
        return tuple(user for user in self.entries if self.own.users[user])


@dataclass(frozen=True)
class RemoveVolume:
    """The step that removes a node's cache."""

    node: OwnNode


@dataclass(frozen=True)
class PutChoiceBack:
    """The step that restores the builder that *user* had selected before us: *files* of the store, None for no file."""

    user: str
    files: t.Mapping[str, t.Optional[str]]


@dataclass(frozen=True)
class Leaver:
    """*docker_of* returns the dockerd at an endpoint, as a user reaches it."""

    docker_of: t.Callable[[str, str], Docker]
    disruption: Disruption

    def wait_for_builds(self, step: RemoveBuilder) -> None:
        """Raises HostError if builds in the builder do not end in time."""
        for node in step.nodes:
            docker = self.docker_of(node.endpoint, node.user)
            drain(
                lambda node=node, docker=docker: nodes.work_in(node.name, docker),  # type: ignore[misc]
                self.disruption,
                f"removing builder {step.own.name}",
            )

    def remove_builder(self, step: RemoveBuilder) -> None:
        name = step.own.name
        self.wait_for_builds(step)
        for node in step.nodes:
            nodes.remove_container(self.docker_of(node.endpoint, node.user), node.name)
        for user in step.entries:
            self._take_from(user, step)
        self._remember(step)
        again = [node for node in step.nodes if node.container]
        if step.back and again:
            client.bootstrap(name, step.back[0])

    def _take_from(self, user: str, step: RemoveBuilder) -> None:
        name, owner = step.own.name, owner_of(user)
        path = store.entry_path(user, name)
        if step.own.driver == "kubernetes" and set(step.users) == set(step.own.users):
            _remove_from_cluster(name, user)
        copy = step.own.users[user]
        if copy is None:
            store.drop(user, name)
        else:  # in place of ours, never after it: a run that ends in between would leave neither
            write(WriteFile(path, copy_of(path, copy), mode=0o600, owner=owner))
            store.drop_use(user, name)
        folder = at(remote_tls.folder_of(name, user))
        with acting_as(owner), contextlib.suppress(OSError):
            shutil.rmtree(folder, ignore_errors=True)
            folder.parent.rmdir()

    def _remember(self, step: RemoveBuilder) -> None:
        """Record what is left of the builder, and forget the choices that were put back before."""
        for user in step.entries:
            ours.settle_choice(user)
        users = {user: copy for user, copy in step.own.users.items() if user not in step.users}
        left = tuple(node for node in step.own.nodes if node not in (*step.nodes, *step.forgotten))
        if users or left:
            ours.remember(replace(step.own, users=users, nodes=left))
        else:
            ours.forget(step.own.name)

    def remove_volume(self, step: RemoveVolume) -> None:
        docker = self.docker_of(step.node.endpoint, step.node.user)
        if docker.find(f"/volumes/{volume_of(step.node.name)}") is not None:
            docker.delete(f"/volumes/{volume_of(step.node.name)}")

    def remove_image(self, step: RemoveImage) -> None:
        pulled_images.remove(RECORD, step.image, self.docker_of(step.image.endpoint, step.image.user))


def put_choice_back(step: PutChoiceBack) -> None:
    """Restore the builder that the user had selected before us."""
    owner, folder = owner_of(step.user), store.folder(step.user)
    for name, text in step.files.items():
        path = f"{folder}/{name}"
        if text is None:
            remove(RemoveFile(path, owner=owner))
        else:
            write(WriteFile(path, text, mode=0o600, owner=owner))


def _remove_from_cluster(name: str, user: str) -> None:
    """Have buildx delete what it created in a cluster; it always removes the entry from the store."""
    path, owner = store.entry_path(user, name), owner_of(user)
    text = read(path, owner)
    outcome = client.buildx(user, "rm", "--keep-state", name)
    if outcome.status != 0 and text is not None:
        write(WriteFile(path, text, mode=0o600, owner=owner))
        what = f"builder {name} of {user} cannot be removed from its cluster"
        raise HostError(what, outcome.cause, said=outcome.said)


def present_users(users: t.Iterable[str]) -> t.Tuple[str, ...]:
    """Those of *users* who still exist on this host."""
    return tuple(user for user in users if is_user(user))
