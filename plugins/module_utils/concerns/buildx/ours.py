# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The builders that are ours, by user and node, and what was there before each: remembered before they are made."""

from __future__ import annotations

import pathlib
import typing as t
from dataclasses import asdict, dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import nodes, store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import digest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import is_user, owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import acting_as, back_up, read
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_dir, pulled_images, record
from ansible_collections.multiarch.builders.plugins.module_utils.state.pulled_images import PulledImage

_CONCERN = "buildx"
DockerOf = t.Callable[[Node], Docker]


@dataclass(frozen=True)
class OwnNode:
    """A node whose container is ours; its *volume* too, unless it was there before us. *user* reaches its dockerd.

    *container* says that there was one before us.
    """

    name: str
    endpoint: str
    user: str
    volume: bool
    container: bool = False


@dataclass(frozen=True)
class OwnBuilder:
    """A builder of ours: *users* have {name: copy of the entry that was there before, None if there was none}."""

    name: str
    driver: str
    users: t.Mapping[str, t.Optional[str]] = field(default_factory=dict)
    nodes: t.Tuple[OwnNode, ...] = ()


def builders() -> t.Dict[str, OwnBuilder]:
    """What is remembered, by name."""
    rows = record.load(_CONCERN).get("made", {})
    return {
        name: OwnBuilder(name, row["driver"], row["users"], tuple(OwnNode(**each) for each in row["nodes"]))
        for name, row in rows.items()
    }


def has(name: str, user: str) -> bool:
    """Whether the builder is one of ours for *user*."""
    own = builders().get(name)
    return own is not None and user in own.users


def claim(wanted: Instance, users: t.Sequence[str], docker_of: DockerOf) -> None:
    """Own *wanted* for *users*, and what comes with it: volumes and images that are not there yet."""
    own = builders().get(wanted.name, OwnBuilder(wanted.name, wanted.driver))
    newcomers = [user for user in users if user not in own.users]
    for user in newcomers:
        config_dir.note(user)
    former = {user: back_up(store.entry_path(user, wanted.name), owner_of(user)) for user in newcomers}
    added = []
    for node in wanted.nodes if wanted.driver == "docker-container" else ():
        docker = docker_of(node)
        pulled_images.note(_CONCERN, PulledImage(wanted.image, node.endpoint, users[0]), docker)
        if (node.name, node.endpoint) not in [(each.name, each.endpoint) for each in own.nodes]:
            there = docker.find(f"/volumes/{volume_of(node.name)}") is not None
            container = docker.find(f"/containers/{container_name(node.name)}/json") is not None
            added.append(OwnNode(node.name, node.endpoint, users[0], not there, container))
    remember(replace(own, driver=wanted.driver, users={**own.users, **former}, nodes=(*own.nodes, *added)))
    _forget_mark(wanted.name)  # until it is known what buildx makes of the configuration


def claim_entries(wanted: Instance, users: t.Sequence[str]) -> None:
    """Own the entries of *users* that are changed, and nothing else of the builder; those of ours are so already."""
    own = builders().get(wanted.name, OwnBuilder(wanted.name, wanted.driver))
    newcomers = [user for user in users if user not in own.users]
    if newcomers:
        former = {user: back_up(store.entry_path(user, wanted.name), owner_of(user)) for user in newcomers}
        remember(replace(own, users={**own.users, **former}))


def release(name: str, users: t.Iterable[str]) -> None:
    """The entries of *users* are not ours after all."""
    own = builders().get(name)
    if own is not None:
        remember(replace(own, users={user: copy for user, copy in own.users.items() if user not in users}))


def remember(own: OwnBuilder) -> None:
    """Remember *own*, or nothing of a builder of which nothing is ours."""
    memory = record.load(_CONCERN)
    row = {"driver": own.driver, "users": dict(own.users), "nodes": [asdict(each) for each in own.nodes]}
    made = {name: found for name, found in memory.get("made", {}).items() if name != own.name}
    if own.users or own.nodes:
        made[own.name] = row
    record.save(_CONCERN, {**{key: value for key, value in memory.items() if key != "made"}, **_if_any(made=made)})


def forget(name: str) -> None:
    """Nothing of the builder is ours any more."""
    remember(OwnBuilder(name, ""))
    _forget_mark(name)


def is_ours(own: OwnBuilder, entry: t.Union[store.StoredBuilder, str]) -> bool:
    """Whether an entry is one that we made, not one that somebody made anew by that name; a broken one is."""
    if isinstance(entry, str):
        return True
    mark = record.load(_CONCERN).get("builders", {}).get(own.name)
    stored = entry.nodes[0].files.get(store.TOML, b"") if entry.nodes else b""
    return entry.driver == own.driver and (mark is None or mark["stored"] == digest(stored))


def note_choice(user: str) -> None:
    """Remember once which builder the user built with before us, as the store's files say it."""
    memory = record.load(_CONCERN)
    if user not in memory.get("choices", {}):
        found = _choice(user)
        record.save(_CONCERN, {**memory, "choices": {**memory.get("choices", {}), user: found}})


def choice(user: str) -> t.Dict[str, t.Optional[str]]:
    """{name of a file in the store: its text, None for no file}, as it was before us."""
    found: t.Dict[str, t.Optional[str]] = record.load(_CONCERN).get("choices", {}).get(user, {})
    return found


def forget_choice(user: str) -> None:
    """What the user built with before us is of no interest any more."""
    memory = record.load(_CONCERN)
    left = {key: value for key, value in memory.get("choices", {}).items() if key != user}
    others = {key: value for key, value in memory.items() if key != "choices"}
    record.save(_CONCERN, {**others, **_if_any(choices=left)})


def _choice(user: str) -> t.Dict[str, t.Optional[str]]:
    owner, folder = owner_of(user), pathlib.Path(store.folder(user))
    with acting_as(owner):
        names = sorted(f"defaults/{each.name}" for each in folder.glob("defaults/*"))
    return {name: read(str(folder / name), owner) for name in ("current", *names)}


def volume_of(node: str) -> str:
    """The volume with a node's cache (docker/buildx, driver/docker-container/driver.go)."""
    return f"{container_name(node)}_state"


def leftover_notes(instances: t.Iterable[str], users: t.Sequence[str], docker: t.Optional[Docker]) -> t.List[str]:
    """What is ours and in no variable any more, with what removes it; without *docker* nobody sees its containers."""
    asked = {name.lower() for name in instances}
    found = []
    for own in builders().values():
        left = [each for each in own.users if own.name.lower() not in asked or each not in users]
        left = [each for each in left if is_user(each) and store.entry(each, own.name) is not None]
        troubles = [] if own.name.lower() in asked or docker is None else _containers(own, docker)
        if left or troubles:
            of = f" of {', '.join(left)}" if left else ""
            bad = next((each for each in troubles if each), "")
            found.append(
                f"builder {own.name}{of} is ours and in no variable any more{bad}: retire-builders.yml -e "
                "builder_retire_only=leftovers removes it"
            )
    return found


def _containers(own: OwnBuilder, docker: Docker) -> t.List[str]:
    """What is wrong with each container of *own* on this host, "" for nothing."""
    conditions = [nodes.condition_of(node.name, docker) for node in own.nodes if not node.endpoint]
    return [f", and its container {each.stuck}" if each.stuck else "" for each in conditions if each is not None]


def _forget_mark(name: str) -> None:
    memory = record.load(_CONCERN)
    marks = {key: value for key, value in memory.get("builders", {}).items() if key != name}
    others = {key: value for key, value in memory.items() if key != "builders"}
    record.save(_CONCERN, {**others, **_if_any(builders=marks)})


def _if_any(**names: t.Any) -> t.Dict[str, t.Any]:
    return {name: value for name, value in names.items() if value}
