# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a builder to be removed: whose entries are still managed, which containers and caches exist."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import (
    nodes,
    ours,
    store,
    unused_caches,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ours import volume_of
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import OwnBuilder, OwnNode
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.retire_apply import (
    RemoveBuilder,
    RemoveVolume,
    present_users,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker import service
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Action,
    Departure,
    Kind,
    Note,
)


@dataclass(frozen=True)
class Place:
    """The state of a node. *volume* is the size of its cache as text, None without one, *silent* why it is unknown.

    *gone* says that Docker is no longer installed.
    """

    node: OwnNode
    container: bool = False
    working: bool = False
    volume: t.Optional[str] = None
    silent: str = ""
    gone: bool = False

    @property
    def here(self) -> bool:
        """Whether the node is on this host."""
        return not self.node.endpoint


@dataclass(frozen=True)
class Going:
    """*users* lose the builder: *entries* have a managed one, *changed* one that someone else recreated."""

    own: OwnBuilder
    whole: bool
    users: t.Tuple[str, ...]
    entries: t.Tuple[str, ...] = ()
    changed: t.Tuple[str, ...] = ()
    places: t.Tuple[Place, ...] = ()

    @property
    def working(self) -> t.List[str]:
        """The containers in which a build runs."""
        return [container_name(place.node.name) for place in self.places if place.working]

    @property
    def step(self) -> RemoveBuilder:
        """The step that removes it."""
        containers = tuple(place.node for place in self.places if place.container)
        seen = tuple(place.node for place in self.places if not place.silent)
        return RemoveBuilder(self.own, self.users, self.entries, containers, seen)


@dataclass(frozen=True)
class Looker:
    """*docker_of* returns the dockerd at an endpoint, *local* is this host's."""

    docker_of: t.Callable[[str, str], Docker]
    local: Docker

    def look(self, own: OwnBuilder, users: t.Tuple[str, ...], whole: bool) -> Going:
        """The state of *own*. Raises HostError if this host's Docker is installed but does not run."""
        found = {user: store.entry(user, own.name) for user in present_users(users)}
        entries = tuple(user for user, entry in found.items() if entry is not None and ours.is_ours(own, entry))
        changed = tuple(user for user, entry in found.items() if entry is not None and user not in entries)
        kept = self._used_by_others(own, entries) if whole else set()
        places = tuple(self._place(own, node, kept) for node in own.nodes) if whole else ()
        return Going(own, whole, users, entries, changed, places)

    def _used_by_others(self, own: OwnBuilder, entries: t.Sequence[str]) -> t.Set[str]:
        """The containers of other builders, of all users of this host."""
        stores = {user: (own.name.lower(),) if user in entries else () for user in store.everybody()}
        return {container_name(name) for user, without in stores.items() for name in store.node_names(user, without)}

    def _place(self, own: OwnBuilder, node: OwnNode, kept: t.Container[str]) -> Place:
        if not node.endpoint and not self.local.answers():
            if service.installed_version() is None:
                return Place(node, gone=True)
            raise HostError(
                f"docker does not run, so builder {own.name} cannot be removed: `systemctl start docker`, then retry"
            )
        name = container_name(node.name)
        try:
            docker = self.docker_of(node.endpoint, node.user)
            container = name not in kept and docker.find(f"/containers/{name}/json") is not None
            volume = volume_of(node.name)
            there = name not in kept and docker.find(f"/volumes/{volume}") is not None
            size = unused_caches.sizes(docker).get(volume, unused_caches.UNKNOWN) if there else None
            return Place(node, container, container and bool(nodes.work_in(node.name, docker)), size)
        except HostError as exc:
            if not node.endpoint:
                raise
            words = (
                f"{name} at {node.endpoint}, of builder {own.name}, stays for now: {exc}. Run again when that answers, "
                f"or there: `docker rm --force {name}`"
            )
            return Place(node, silent=words)


def actions_for(found: t.Iterable[Going], *, volumes: bool) -> t.List[Action]:
    """The actions that remove them. Pure."""
    actions = []
    for each in found:
        caches = [place for place in each.places if volumes and place.volume and place.node.volume]
        if each.entries or each.changed or each.step.nodes or _settled(each):
            here = [place for place in each.places if place.here and place.container]
            gone = (Departure("container", container_name(place.node.name)) for place in here)
            actions.append(Action(_summary(each), each.step, frozenset(gone)))
        for place in caches:
            where, volume = f" at {place.node.endpoint}" if place.node.endpoint else "", volume_of(place.node.name)
            summary = f"remove volume {volume}{where} ({place.volume}), the cache of builder {each.own.name}"
            effects = frozenset({Departure("volume", volume)}) if place.here else NO_EFFECTS
            actions.append(Action(summary, RemoveVolume(place.node), effects))
    return actions


def _settled(found: Going) -> bool:
    """Whether something of it can be dropped from the record."""
    return bool(found.users) or any(not place.silent for place in found.places)


def _summary(found: Going) -> str:
    name, step = found.own.name, found.step
    if not found.entries and not step.nodes:
        return f"drop builder {name}{_of(found.users)} from the record: nothing managed is left"
    if not found.whole:
        return f"remove builder {name} from the stores of {', '.join(found.entries)}: its containers keep running"
    containers = ", ".join(container_name(node.name) for node in step.nodes)
    told = f"remove builder {name}{_of(found.entries)}"
    told += f": container {containers} is removed" if containers else ""
    told += f" (running now: a build in {', '.join(found.working)})" if found.working else ""
    return told + (f"; the one that {', '.join(step.back)} had before us comes back" if step.back else "")


def _of(users: t.Sequence[str]) -> str:
    return f" of {', '.join(users)}" if users else ""


def notes_on(found: t.Iterable[Going], *, volumes: bool) -> t.List[Note]:
    """What is kept, and why. Pure."""
    waits, left = [], []
    for each in found:
        left += [f"builder {each.own.name} of {user} was changed by someone else, and is kept" for user in each.changed]
        for place in each.places:
            if place.silent:
                waits.append(place.silent)
            if place.gone:
                left.append(f"Docker is gone from this host, and with it what ran of builder {each.own.name}")
            if place.volume is not None and not (volumes and place.node.volume):
                left.append(_of_volume(place, each.own.name))
    return list(dict.fromkeys([*Kind.WAITS.notes(waits), *Kind.LEFT_ALONE.notes(left)]))


def _of_volume(place: Place, builder: str) -> str:
    where = f" at {place.node.endpoint}" if place.node.endpoint else ""
    volume = volume_of(place.node.name)
    if not place.node.volume:
        return f"volume {volume}{where} existed before, and is kept"
    return (
        f"volume {volume}{where} ({place.volume}), the cache of builder {builder}, is kept: `docker volume rm {volume}`"
        " removes it, or -e builder_retire_volumes=true in this run"
    )
