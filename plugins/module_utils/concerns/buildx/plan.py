# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a host's builders. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import (
    cache_limits,
    client_settings,
    docker_group,
    environment_file,
    inheritance,
    native_nodes,
    network,
    silence,
    ssh_plan,
    store_rights,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import (
    Builder,
    BuildxState,
    MakeBuilder,
    actions_for,
    ends_builds,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import options_of
from ansible_collections.multiarch.builders.plugins.module_utils.docker.client_environment import (
    BUILDX,
    DOCKER,
    without_effect,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.driver_versions import too_new
from ansible_collections.multiarch.builders.plugins.module_utils.docker.platform_names import unreadable
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption, Inherited, Instance
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Action,
    Effects,
    Kind,
    Plan,
    arrival,
)


class Wanted(t.Protocol):
    """The desired state."""

    instances: t.Tuple[Instance, ...]
    users: t.Tuple[str, ...]
    client_patch: t.Mapping[str, t.Any]
    disruption: Disruption
    environment_file: t.Optional[str]
    client_environment: t.Mapping[str, str]
    docker_group: bool
    platforms: t.Tuple[str, ...]
    inherited: Inherited
    ssh: ssh_plan.SshWanted


def platforms_of(wanted: Wanted) -> t.Tuple[str, ...]:
    """All platforms that users of the builders name."""
    nodes = (node for instance in wanted.instances for node in instance.nodes)
    return (*wanted.platforms, *(platform for node in nodes for platform in node.platforms))


def planned(wanted: Wanted, state: BuildxState, effects: Effects) -> Plan:
    """The plan, given the effects of earlier concerns. Raises HostError for what is impossible."""
    coming, outside = arrival(effects), network.then(state.network, effects)
    versions = {**state.versions}
    versions.update({name: new for name, new in ((BUILDX, coming.buildx), (DOCKER, coming.engine)) if new is not None})
    limits = [*without_effect(wanted.client_environment, versions), *network.notes(wanted.instances, outside)]
    network.require(wanted.instances, outside)
    unknown = unreadable(platforms_of(wanted), versions.get(BUILDX) or "")
    if unknown:
        raise HostError(f"builder_platforms: {'; '.join(unknown)}: install a newer buildx, or remove it")
    silent = [each for instance in wanted.instances for each in state.builders[instance.name].silent]
    unasked = silence.unasked(silent, effects)
    told = [each.words for each in silent if each not in unasked]
    keys = ssh_plan.planned(wanted.ssh, state.ssh)
    if told and coming.engine is None and not keys.before:
        raise HostError("; ".join((*told, *(note.text for note in keys.notes))))
    yet = "there is no docker client" if coming.engine is not None else "keys and host keys are not in place"
    limits += [f"as {yet} yet: {words}" for words in told] + silence.notes(unasked)
    actions, left, waits = [*keys.before, *_of_users(wanted, state)], list(state.left), []
    of_inheritance, inherited_notes = inheritance.planned(state.inheritance, wanted.inherited)
    actions += of_inheritance
    for each in _assigned(wanted, state.builders):
        builder = _without(state.builders[each.name], unasked)
        limits += native_nodes.notes(each, wanted.platforms, builder.machines)
        actions += [
            Action(f"write {file.path}, to reach a node of builder {each.name}", file) for file in builder.certificates
        ]
        left += [f"node {stray.name} is lost: {stray.gone}" for stray in builder.strays if stray.gone]
        found = actions_for(each, wanted.users, builder, effects)
        made = makes(found)
        if made:
            _require_options(each, versions.get(BUILDX))
            limits += filter(None, [cache_limits.note(each, state.disk)])
        if not wanted.docker_group:
            docker_group.require(users_of_docker(made), state.membership, docker=coming.engine is None)
        if wanted.disruption.mode == "never" and any(ends_builds(action, builder) for action in found):
            waits.append(f"pending, as builder_disruption is never: {'; '.join(action.summary for action in found)}")
        else:  # certificates are removed last, as a rollback may need them
            actions += [
                *found,
                *(Action(f"remove {file.path}, no longer asked for", file) for file in builder.outdated),
            ]
    if not waits:  # builders that stay as they are reach their nodes as before
        actions += keys.after
    notes = (*Kind.LIMIT.notes(limits), *Kind.LEFT_ALONE.notes(left), *Kind.WAITS.notes(waits), *inherited_notes)
    notes = (*keys.notes, *notes)
    return Plan(tuple(actions), notes, inheritance.facts(state.inheritance, wanted.inherited))


def _without(builder: Builder, unasked: t.Sequence[silence.Silence]) -> Builder:
    """*builder*, of which nothing is known at these nodes."""
    nodes = {each.node for each in unasked if each in builder.silent}
    return replace(builder, containers={name: found for name, found in builder.containers.items() if name not in nodes})


def _of_users(wanted: Wanted, state: BuildxState) -> t.List[Action]:
    """Actions for the users' groups and files, and for the file of variables."""
    actions = docker_group.actions_for(wanted.docker_group, wanted.users, state.membership)
    for each in state.settings:
        actions += client_settings.actions_for(each, wanted.client_patch)
    values = environment_file.wanted_values(wanted.instances, wanted.client_environment)
    actions += environment_file.actions_for(state.environment, wanted.environment_file, values)
    return actions + store_rights.actions_for(state.loose)


def making(wanted: Wanted, builders: t.Mapping[str, Builder]) -> t.List[MakeBuilder]:
    """The builders to be created; effects of earlier concerns do not add any."""
    return [
        step
        for each in _assigned(wanted, builders)
        for step in makes(actions_for(each, wanted.users, builders[each.name], NO_EFFECTS))
    ]


def _assigned(wanted: Wanted, builders: t.Mapping[str, Builder]) -> t.List[Instance]:
    """The builders, with their nodes' platforms."""
    return [
        native_nodes.assigned(each, wanted.platforms, builders[each.name].machines)
        if native_nodes.has_choice(each)
        else each
        for each in wanted.instances
    ]


def makes(actions: t.Iterable[Action]) -> t.List[MakeBuilder]:
    """Those of *actions* that create a builder."""
    return [action.step for action in actions if isinstance(action.step, MakeBuilder)]


def users_of_docker(steps: t.Iterable[MakeBuilder]) -> t.Tuple[str, ...]:
    """The users who need this host's Docker for *steps*."""
    local = [
        each
        for each in steps
        if each.instance.driver == "docker-container" and any(node.local for node in each.instance.nodes)
    ]
    return tuple(dict.fromkeys(user for each in local for user in each.users))


def _require_options(wanted: Instance, buildx: t.Optional[str]) -> None:
    """Raise for driver options that this version of *buildx* does not know; only used if a builder is created."""
    options = dict.fromkeys(name for node in wanted.nodes for name in options_of(wanted, node))
    words = too_new(wanted.driver, options, buildx or "")
    if words:
        raise HostError(f"builder {wanted.name}: {'; '.join(words)}: install a newer buildx, or leave it out")
