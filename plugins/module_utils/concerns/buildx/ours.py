# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The managed builders, by user and node, and what was there before each: recorded before they are made."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import nodes, store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import digest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import (
    RECORD,
    BuildxRecord,
    OwnBuilder,
    OwnNode,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import acting_as, back_up, read
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user, owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_dir, pulled_images
from ansible_collections.multiarch.builders.plugins.module_utils.state.pulled_images import PulledImage
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import without

DockerOf = t.Callable[[Node], Docker]


def builders() -> t.Dict[str, OwnBuilder]:
    """The recorded builders, by name."""
    return {name: replace(own, name=name) for name, own in RECORD.read().builders.items()}


def has(name: str, user: str) -> bool:
    """Whether the builder is a managed one for *user*."""
    own = builders().get(name)
    return own is not None and user in own.users


def claim(wanted: Instance, users: t.Sequence[str], docker_of: DockerOf) -> None:
    """Record *wanted* as managed for *users*, with the volumes and images that do not exist yet."""
    own = builders().get(wanted.name, OwnBuilder(wanted.name, wanted.driver))
    newcomers = [user for user in users if user not in own.users]
    for user in newcomers:
        config_dir.note(user)
    former = {user: back_up(store.entry_path(user, wanted.name), owner_of(user)) for user in newcomers}
    added = []
    for node in wanted.nodes if wanted.driver == "docker-container" else ():
        docker = docker_of(node)
        pulled_images.note(RECORD, PulledImage(wanted.image, node.endpoint, users[0]), docker)
        if (node.name, node.endpoint) not in [(each.name, each.endpoint) for each in own.nodes]:
            there = docker.find(f"/volumes/{volume_of(node.name)}") is not None
            container = docker.find(f"/containers/{container_name(node.name)}/json") is not None
            added.append(OwnNode(node.name, node.endpoint, users[0], not there, container))
    remember(replace(own, driver=wanted.driver, users={**own.users, **former}, nodes=(*own.nodes, *added)))
    _forget_configuration(wanted.name)  # until the configuration that buildx stores is known


def claim_entries(wanted: Instance, users: t.Sequence[str]) -> None:
    """Record the changed entries of *users*, and nothing else of the builder, as managed, unless they already are."""
    own = builders().get(wanted.name, OwnBuilder(wanted.name, wanted.driver))
    newcomers = [user for user in users if user not in own.users]
    if newcomers:
        former = {user: back_up(store.entry_path(user, wanted.name), owner_of(user)) for user in newcomers}
        remember(replace(own, users={**own.users, **former}))


def release(name: str, users: t.Iterable[str]) -> None:
    """The entries of *users* are not managed after all."""
    own = builders().get(name)
    if own is not None:
        remember(replace(own, users={user: copy for user, copy in own.users.items() if user not in users}))


def remember(own: OwnBuilder) -> None:
    """Record *own*, or drop it if nothing of the builder is managed."""

    def changed(found: BuildxRecord) -> BuildxRecord:
        every = {**found.builders, own.name: replace(own, name="")}
        return replace(found, builders={name: each for name, each in every.items() if each.users or each.nodes})

    RECORD.update(changed)


def forget(name: str) -> None:
    """Nothing of the builder is managed any more."""
    remember(OwnBuilder(name, ""))
    _forget_configuration(name)


def is_ours(own: OwnBuilder, entry: t.Union[store.StoredBuilder, str]) -> bool:
    """Whether we made the entry, and it was not recreated by someone else; a broken one counts as ours."""
    if isinstance(entry, str):
        return True
    known = RECORD.read().configurations.get(own.name)
    stored = entry.nodes[0].files.get(store.TOML, b"") if entry.nodes else b""
    return entry.driver == own.driver and (known is None or known.stored == digest(stored))


def note_choice(user: str) -> None:
    """Record once, as files of the store, which builder the user had selected before us."""
    if user not in RECORD.read().choices:
        before = _choice(user)
        RECORD.update(lambda found: replace(found, choices={**found.choices, user: before}))


def choice(user: str) -> t.Mapping[str, t.Optional[str]]:
    """The former selection, {name of a file in the store: its text, None for no file}."""
    return RECORD.read().choices.get(user, {})


def settle_choice(user: str) -> None:
    """Drop the user's former selection from the record, if it is the present one again."""
    known, now = choice(user), _choice(user)
    if known and all(now.get(name) == text for name, text in known.items()):
        RECORD.update(lambda found: replace(found, choices=without(found.choices, user)))


def _choice(user: str) -> t.Dict[str, t.Optional[str]]:
    owner, folder = owner_of(user), store.folder(user)
    with acting_as(owner):
        paths = (f"{folder}/current", *look.matching(folder, "defaults/*"))
    return {path[len(folder) + 1 :]: read(path, owner) for path in paths}


def volume_of(node: str) -> str:
    """The volume with a node's cache (docker/buildx, driver/docker-container/driver.go)."""
    return f"{container_name(node)}_state"


def leftover_notes(instances: t.Iterable[str], users: t.Sequence[str], docker: t.Optional[Docker]) -> t.List[str]:
    """Notes on managed builders no longer in any variable, with the remedy; without *docker* only on their entries."""
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
                f"builder {own.name}{of} is managed but no longer in any variable{bad}: retire-builders.yml -e "
                "builder_retire_only=leftovers removes it"
            )
    return found


def _containers(own: OwnBuilder, docker: Docker) -> t.List[str]:
    """The fault of each container of *own* on this host, "" for none."""
    conditions = [nodes.condition_of(node.name, docker) for node in own.nodes if not node.endpoint]
    return [f", and its container {each.stuck}" if each.stuck else "" for each in conditions if each is not None]


def _forget_configuration(name: str) -> None:
    RECORD.update(lambda found: replace(found, configurations=without(found.configurations, name)))
