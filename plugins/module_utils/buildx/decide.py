# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each builder wants: nothing, to be made, made again with its cache kept, started, or chosen. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.drift import (
    Container,
    Remembered,
    certificate_drift,
    container_drift,
    store_drift,
)
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.settings import Settings
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Action, Difference, Effect, Effects
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Instance


@dataclass(frozen=True)
class Builder:
    """One builder as it is: *entries* by user (None: no entry, a text: why it is broken), *current* the users'."""

    container: t.Optional[Container]
    entries: t.Mapping[str, t.Union[store.StoredBuilder, str, None]]
    current: t.Mapping[str, t.Optional[str]]
    memory: t.Optional[Remembered]


@dataclass(frozen=True)
class BuildxState:
    """All builders by their names, and the users' settings of the docker client."""

    builders: t.Mapping[str, Builder]
    settings: t.Tuple[Settings, ...]


@dataclass(frozen=True)
class MakeBuilder:
    """The step that (re)creates a builder for *users*; *container* says whether its container has to go first."""

    instance: Instance
    users: t.Tuple[str, ...]
    container: bool


@dataclass(frozen=True)
class ReplaceCertificates:
    """The step that brings certificates up to date in the entries of *users*, and if so in the *container*."""

    instance: Instance
    users: t.Tuple[str, ...]
    container: bool


@dataclass(frozen=True)
class StartBuilder:
    """The step that starts a builder's container, or makes it again from the store of *user*."""

    instance: Instance
    user: str


@dataclass(frozen=True)
class UseBuilder:
    """The step that makes a builder the one that *user* builds with."""

    instance: Instance
    user: str


def actions_for(wanted: Instance, everybody: t.Sequence[str], builder: Builder, effects: Effects) -> t.List[Action]:
    """What one builder wants, for *everybody* who shall have it, given what earlier concerns cause."""
    container = None if Effect.IMAGE_STORE_SWITCHES in effects else builder.container
    reasons = container_drift(wanted, container, builder.memory) if container else ()
    drifts = {user: _entry_drift(wanted, builder.entries[user], builder.memory) for user in everybody}
    users = tuple(user for user in everybody if drifts[user] or reasons)
    actions = []
    if users:
        actions.append(_make(wanted, users, bool(reasons), reasons, drifts, builder))
    actions += _replace(wanted, everybody, container, builder, [action.step for action in actions])
    if not users and (container is None or not container.running or Effect.DAEMON_RESTARTS in effects):
        stopped = container is None or not container.running
        why = "its container does not run" if stopped else "see that it runs again after the restart of docker"
        actions.append(Action(f"start builder {wanted.name}: {why}", StartBuilder(wanted, everybody[0])))
    actions += [
        Action(f"make {wanted.name} the builder of {user}, in place of {name or 'default'}", UseBuilder(wanted, user))
        for user, name in builder.current.items()
        if name != wanted.name
    ]
    return actions


def _make(
    wanted: Instance,
    users: t.Tuple[str, ...],
    replace: bool,
    reasons: t.Sequence[str],
    drifts: t.Mapping[str, t.Sequence[str]],
    builder: Builder,
) -> Action:
    words = dict.fromkeys([*reasons, *(word for user in users for word in drifts[user])])
    whole = replace or any(isinstance(builder.entries[user], store.StoredBuilder) and drifts[user] for user in users)
    verb = "recreate" if whole else "create"
    kept = ", its cache is kept" if whole else ""
    summary = f"{verb} builder {wanted.name} for {', '.join(users)}: {'; '.join(words)}{kept}"
    before = _toml(builder.container.files if builder.container else {})
    difference = Difference(f"{wanted.name}/buildkitd.toml", before, wanted.config) if before != wanted.config else None
    return Action(summary, MakeBuilder(wanted, users, whole), difference=difference)


def _replace(
    wanted: Instance,
    everybody: t.Sequence[str],
    container: t.Optional[Container],
    builder: Builder,
    made: t.Sequence[object],
) -> t.List[Action]:
    """Certificates that differ, where nothing is made anew anyway."""
    renewed = {user for step in made if isinstance(step, MakeBuilder) for user in step.users}
    words: t.List[str] = []
    users = []
    for user in everybody:
        entry = builder.entries[user]
        if user not in renewed and isinstance(entry, store.StoredBuilder):
            found = certificate_drift(wanted, entry.nodes[0].files, "in the store")
            users += [user] if found else []
            words += found
    replaced = any(isinstance(step, MakeBuilder) and step.container for step in made)
    inside = certificate_drift(wanted, container.files, "in the container") if container and not replaced else ()
    if not users and not inside:
        return []
    told = "; ".join(dict.fromkeys((*inside, *words)))
    summary = f"replace certificates of builder {wanted.name} where they are, no build is disturbed: {told}"
    return [Action(summary, ReplaceCertificates(wanted, tuple(users), bool(inside)))]


def _entry_drift(
    wanted: Instance, entry: t.Union[store.StoredBuilder, str, None], memory: t.Optional[Remembered]
) -> t.Tuple[str, ...]:
    if entry is None:
        return ("not in the store",)
    if isinstance(entry, str):
        return (f"its entry in the store is broken ({entry})",)
    return store_drift(wanted, entry, memory)


def ends_builds(action: Action, builder: Builder) -> bool:
    """Whether *action* takes away a container that runs."""
    running = builder.container is not None and builder.container.running
    return isinstance(action.step, MakeBuilder) and action.step.container and running


def _toml(files: t.Mapping[str, bytes]) -> str:
    return files.get(store.TOML, b"").decode("utf-8", "replace")
