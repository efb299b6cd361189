# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with each builder: nothing, create, recreate with its cache kept, start, or select. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.client_settings import Settings
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.container import Container
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.docker_group import Membership
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import (
    Remembered,
    certificate_drift,
    container_drift,
    departures,
    store_drift,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.environment_file import EnvironmentFile
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.inheritance import Inheritance
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.native_nodes import Machines
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.silence import Silence
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ssh_plan import SshState
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import Rights
from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import DefaultNetwork
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Difference,
    Effect,
    Effects,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile


@dataclass(frozen=True)
class Stray:
    """A node in a user's entry that is not specified; *gone* says why it cannot be reached, if so."""

    name: str
    endpoint: str
    user: str
    gone: str = ""


@dataclass(frozen=True)
class Builder:
    """The state of a builder: *containers* by node (None: no container), *entries* by user (None: no entry, a text: why
    it is broken), *current* builders by user. *silent* are specified nodes that do not answer, *certificates* those
    of users that differ, *outdated* those not required. *machines* are nodes', if several may build a platform."""

    containers: t.Mapping[str, t.Optional[Container]]
    entries: t.Mapping[str, t.Union[store.StoredBuilder, str, None]]
    current: t.Mapping[str, t.Optional[str]]
    memory: t.Optional[Remembered]
    strays: t.Tuple[Stray, ...] = ()
    silent: t.Tuple[Silence, ...] = ()
    certificates: t.Tuple[WriteFile, ...] = ()
    outdated: t.Tuple[RemoveFile, ...] = ()
    machines: Machines = field(default_factory=dict)


@dataclass(frozen=True)
class BuildxState:
    """All builders by name, the users' settings of the docker client, and who may use Docker.

    *loose* are files of the users' stores with too permissive rights, and how. *left* are messages about unused things,
    *versions* those of programs, if they matter (None: unknown). *disk* is the size of the one with the caches, in
    bytes, if a builder is to be made. *ssh* are keys for nodes.
    """

    builders: t.Mapping[str, Builder]
    settings: t.Tuple[Settings, ...]
    membership: Membership = field(default_factory=Membership)
    loose: t.Mapping[Rights, str] = field(default_factory=dict)
    network: DefaultNetwork = field(default_factory=DefaultNetwork)
    environment: t.Mapping[str, EnvironmentFile] = field(default_factory=dict)
    left: t.Tuple[str, ...] = ()
    versions: t.Mapping[str, t.Optional[str]] = field(default_factory=dict)
    inheritance: Inheritance = field(default_factory=Inheritance)
    disk: t.Optional[int] = None
    ssh: SshState = field(default_factory=SshState)


@dataclass(frozen=True)
class MakeBuilder:
    """The step that (re)creates a builder for *users*; the containers of the nodes *renewed* are removed first."""

    instance: Instance
    users: t.Tuple[str, ...]
    renewed: t.Tuple[str, ...]


@dataclass(frozen=True)
class ReplaceCertificates:
    """The step that updates certificates in the entries of *users*, and in the containers of *nodes*."""

    instance: Instance
    users: t.Tuple[str, ...]
    nodes: t.Tuple[str, ...]


@dataclass(frozen=True)
class ReviveBuilder:
    """The step that unpauses the containers of *nodes*, and connects them to their network; their builds continue."""

    instance: Instance
    nodes: t.Tuple[str, ...]


@dataclass(frozen=True)
class StartBuilder:
    """The step that starts a builder's containers, or recreates them from the store of *user*."""

    instance: Instance
    user: str


@dataclass(frozen=True)
class DropNode:
    """The step that removes a node's container; its volume with the cache is kept."""

    instance: Instance
    stray: Stray


@dataclass(frozen=True)
class UseBuilder:
    """The step that selects a builder for *user*."""

    instance: Instance
    user: str


def actions_for(wanted: Instance, everybody: t.Sequence[str], builder: Builder, effects: Effects) -> t.List[Action]:
    """The actions for one builder, for *everybody* who is to have it, given the effects of earlier concerns."""
    containers = _containers_then(wanted, builder, effects)
    reasons = {node.name: _reasons(wanted, node, containers.get(node.name), builder) for node in wanted.nodes}
    drifts = {user: _entry_drift(wanted, builder.entries[user], builder.memory) for user in everybody}
    users = tuple(user for user in everybody if drifts[user] or any(reasons.values()))
    renewed = tuple(name for name, words in reasons.items() if words)
    actions = [_drop(wanted, each) for each in builder.strays if not each.gone]
    actions += _revive(wanted, containers, renewed)
    if users:
        words = dict.fromkeys([*(word for each in reasons.values() for word in each), *_told(users, drifts)])
        actions.append(_make(wanted, users, renewed, tuple(words), builder))
    actions += _replace(wanted, [user for user in everybody if user not in users], renewed, containers, builder)
    if not users:
        actions += _start(wanted, everybody[0], containers, effects)
    return actions + [
        Action(
            f"select {wanted.name} as the builder of {user}, in place of {name or 'default'}", UseBuilder(wanted, user)
        )
        for user, name in builder.current.items()
        if name != wanted.name
    ]


def _containers_then(wanted: Instance, builder: Builder, effects: Effects) -> t.Mapping[str, t.Optional[Container]]:
    """The containers after the earlier concerns: this host's may vanish."""
    gone = {node.name for node in wanted.nodes if node.local} if Effect.CONTAINERS_VANISH in effects else set()
    return {name: None if name in gone else container for name, container in builder.containers.items()}


def _reasons(wanted: Instance, node: Node, container: t.Optional[Container], builder: Builder) -> t.Tuple[str, ...]:
    return container_drift(wanted, node, container, builder.memory) if container else ()


def _told(users: t.Sequence[str], drifts: t.Mapping[str, t.Sequence[str]]) -> t.List[str]:
    return [word for user in users for word in drifts[user]]


def _make(
    wanted: Instance,
    users: t.Tuple[str, ...],
    renewed: t.Tuple[str, ...],
    words: t.Sequence[str],
    builder: Builder,
) -> Action:
    kept = any(isinstance(builder.entries[user], store.StoredBuilder) for user in users)
    verb, end = ("update", ", its containers keep running") if kept else ("create", "")
    if renewed:
        verb, end = "recreate", ", its cache is kept"
    summary = f"{verb} builder {wanted.name} for {', '.join(users)}: {'; '.join(words)}{end}"
    first = next((each.files for each in builder.containers.values() if each), {})
    before = first.get(store.TOML, b"").decode("utf-8", "replace")
    difference = Difference(f"{wanted.name}/buildkitd.toml", before, wanted.config) if before != wanted.config else None
    return Action(summary, MakeBuilder(wanted, users, renewed), departures(wanted, users, builder.entries), difference)


def _replace(
    wanted: Instance,
    users: t.Sequence[str],
    renewed: t.Sequence[str],
    containers: t.Mapping[str, t.Optional[Container]],
    builder: Builder,
) -> t.List[Action]:
    """Replaces certificates that differ, unless a container or entry is recreated anyway."""
    inside = {
        name: certificate_drift(wanted, container.files, "in the container")
        for name, container in containers.items()
        if container and name not in renewed
    }
    stored = {}
    for user in users:
        entry = builder.entries[user]
        if isinstance(entry, store.StoredBuilder) and wanted.driver != "remote":
            words = [certificate_drift(wanted, node.files, "in the store") for node in entry.nodes]
            stored[user] = [word for each in words for word in each]
    told = dict.fromkeys(word for each in (*inside.values(), *stored.values()) for word in each)
    if not told:
        return []
    summary = f"replace certificates of builder {wanted.name} in place (builds are unaffected): {'; '.join(told)}"
    behind = tuple(user for user, words in stored.items() if words)
    return [
        Action(
            summary,
            ReplaceCertificates(wanted, behind, tuple(name for name, words in inside.items() if words)),
            frozenset({Effect.BUILDER_TRUST_CHANGES}),
        )
    ]


def _revive(
    wanted: Instance, containers: t.Mapping[str, t.Optional[Container]], renewed: t.Sequence[str]
) -> t.List[Action]:
    """Unpauses first, even if the container is to be recreated, so that its build can finish."""
    found: t.Dict[str, t.List[str]] = {}
    for name, container in containers.items():
        if container is not None and container.paused:
            found.setdefault("is paused", []).append(name)
        if container is not None and container.unplugged and name not in renewed and not _is_remade(container):
            found.setdefault(f"is not in its network, {container.unplugged}", []).append(name)
    if not found:
        return []
    words = "; ".join(f"its container {trouble}{_of(wanted, names)}" for trouble, names in found.items())
    names = tuple(dict.fromkeys(name for each in found.values() for name in each))
    return [Action(f"revive builder {wanted.name}, nothing in it ends: {words}", ReviveBuilder(wanted, names))]


def _is_remade(container: Container) -> bool:
    """Whether starting it means to recreate it."""
    return container.lost or bool(container.stuck)


def _start(
    wanted: Instance, user: str, containers: t.Mapping[str, t.Optional[Container]], effects: Effects
) -> t.List[Action]:
    restarts = Effect.DAEMON_RESTARTS in effects and any(node.local for node in wanted.nodes)
    words: t.Dict[str, t.List[str]] = {}
    for name, container in containers.items():
        if container is None or not (container.running or container.paused):
            words.setdefault(_why_down(container), []).append(name)
    if not containers or not (words or restarts):
        return []
    why = "; ".join(f"{told.format(_of(wanted, names))}" for told, names in words.items())
    why = why or "restore it after the restart of docker"
    return [Action(f"start builder {wanted.name}: {why}", StartBuilder(wanted, user))]


def _why_down(container: t.Optional[Container]) -> str:
    """Why a container is started, with a placeholder for the names of its nodes."""
    if container is not None and container.lost:
        return "docker shows its container as running and has lost it{}: it is recreated, its cache is kept"
    if container is not None and container.stuck:
        return f"its container {container.stuck}{{}}: it is recreated, its cache is kept"
    return "its container does not run{}"


def _of(wanted: Instance, names: t.Sequence[str]) -> str:
    """The names of nodes, if the builder has several."""
    return f" ({', '.join(names)})" if len(wanted.nodes) > 1 else ""


def _drop(wanted: Instance, stray: Stray) -> Action:
    where = f" at {stray.endpoint}" if stray.endpoint else ""
    summary = f"take node {stray.name}{where} off builder {wanted.name}: its container is removed, its cache is kept"
    return Action(summary, DropNode(wanted, stray))


def _entry_drift(
    wanted: Instance, entry: t.Union[store.StoredBuilder, str, None], memory: t.Optional[Remembered]
) -> t.Tuple[str, ...]:
    if entry is None:
        return ("not in the store",)
    if isinstance(entry, str):
        return (f"its entry in the store is broken ({entry})",)
    return store_drift(wanted, entry, memory)


def ends_builds(action: Action, builder: Builder) -> bool:
    """Whether *action* removes a running container."""
    if isinstance(action.step, DropNode):
        return True
    names = action.step.renewed if isinstance(action.step, MakeBuilder) else ()
    containers = (builder.containers.get(name) for name in names)
    return any(container is not None and (container.running or container.paused) for container in containers)
