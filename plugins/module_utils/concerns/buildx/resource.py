# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every builder runs as asked, for every user: created, recreated with its cache kept, or started again."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import (
    client_settings,
    docker_group,
    environment_file,
    network,
    nodes,
    ours,
    remote_tls,
    store,
    store_rights,
    unused_caches,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.container import Container
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import (
    Builder,
    BuildxState,
    MakeBuilder,
    actions_for,
    ends_builds,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import Remembered, options_of
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_plugin import (
    buildx_version,
    docker_version,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.client_environment import (
    BUILDX,
    DOCKER,
    programs_to_ask,
    without_effect,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.driver_versions import too_new
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import (
    Disruption,
    Instance,
    Node,
    Params,
    disruption_of,
    instances_of,
    proxy_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Arrival,
    Effects,
    Kind,
    Plan,
    arrival,
)


@dataclass
class Buildx(Concern[BuildxState]):
    """The builders of a host."""

    instances: t.Tuple[Instance, ...]
    users: t.Tuple[str, ...]
    client_patch: t.Mapping[str, t.Any]
    disruption: Disruption
    docker: Docker
    environment_file: t.Optional[str] = None
    client_environment: t.Mapping[str, str] = field(default_factory=dict)
    docker_group: bool = False
    concern: t.ClassVar[str] = "buildx"
    _dialled: t.Dict[str, Docker] = field(default_factory=dict)

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> Buildx:
        patch = client_settings.patch_of(proxy_of(params), params["client_options"])
        return cls(
            instances=instances_of(params),
            users=tuple(params["users"]),
            client_patch=patch,
            disruption=disruption_of(params),
            docker=docker,
            environment_file=params["environment_file"],
            client_environment=params["environment"],
            docker_group=params["docker_group"],
        )

    def observe(self) -> BuildxState:
        known = RECORD.read().configurations
        answers = self.docker.answers()
        builders = {each.name: self._builder(each, known.get(each.name), answers) for each in self.instances}
        return BuildxState(
            builders,
            client_settings.observe(self.users, self.client_patch),
            docker_group.observe(self.users),
            store_rights.observe(self.users, [each.name for each in self.instances]),
            network.observe(self.instances, self.docker if answers else None),
        )

    def _builder(self, wanted: Instance, memory: t.Optional[Remembered], answers: bool) -> Builder:
        entries = {user: store.entry(user, wanted.name) for user in self.users}
        containers, silent = self._nodes(wanted, entries, answers)
        return Builder(
            containers=containers,
            entries=entries,
            current={user: store.current(user) for user in self.users} if wanted.default else {},
            memory=memory,
            strays=nodes.strays(wanted, entries, self.docker),
            silent=silent,
        )

    def _nodes(
        self, wanted: Instance, entries: t.Mapping[str, t.Union[store.StoredBuilder, str, None]], answers: bool
    ) -> t.Tuple[t.Dict[str, t.Optional[Container]], t.Tuple[str, ...]]:
        """(containers by node, words about nodes that do not answer); other drivers have no containers."""
        found: t.Dict[str, t.Optional[Container]] = {}
        silent: t.List[str] = []
        for node in wanted.nodes if wanted.driver == "docker-container" else ():
            newcomers = [] if node.local else [user for user in self.users if not _has(entries[user], node)]
            words = [nodes.silence_at_once(node, user) for user in newcomers]
            silent += [each for each in words if each]
            found[node.name] = None
            if not any(words) and (answers or not node.local):
                try:
                    found[node.name] = nodes.container_of(node, self._docker_of(node))
                except HostError as exc:
                    silent.append(nodes.in_words(node, self.users[0], str(exc)))
        return found, tuple(dict.fromkeys(silent))

    def _known(self) -> t.Set[str]:
        """The containers of all builders that are asked for, or that one of the users has."""
        asked = {node.name for each in self.instances for node in each.nodes}
        stored = {name for user in self.users for name in store.node_names(user)}
        return {container_name(name) for name in asked | stored}

    def _docker_of(self, node: Node) -> Docker:
        if node.endpoint not in self._dialled:
            self._dialled[node.endpoint] = nodes.docker_of(node.endpoint, self.users[0], self.docker)
        return self._dialled[node.endpoint]

    def plan(self, state: BuildxState, effects: Effects) -> Plan:
        actions = docker_group.actions_for(self.docker_group, self.users, state.membership)
        actions += [
            action for each in state.settings for action in client_settings.actions_for(each, self.client_patch)
        ]
        lines = environment_file.wanted_values(self.instances, self.client_environment)
        actions += environment_file.actions_for(self.environment_file, lines)
        actions += store_rights.actions_for(state.loose)
        here = self.docker if self.docker.answers() else None
        left = unused_caches.notes_on(here, self._known()) if here is not None else []
        left += ours.leftover_notes([each.name for each in self.instances], self.users, here)
        waits: t.List[str] = []
        coming = arrival(effects)
        outside = network.then(state.network, effects)
        limits = [
            *without_effect(self.client_environment, self._versions(coming)),
            *network.notes(self.instances, outside),
        ]
        network.require(self.instances, outside)
        silent = [words for each in self.instances for words in state.builders[each.name].silent]
        if silent and coming.engine is None:
            raise HostError("; ".join(silent))
        limits += [f"as there is no docker client yet: {words}" for words in silent]
        for each in self.instances:
            builder = state.builders[each.name]
            actions += remote_tls.actions_for(each, self.users)
            left += [f"node {stray.name} is lost: {stray.gone}" for stray in builder.strays if stray.gone]
            found = actions_for(each, self.users, builder, effects)
            making = [action.step for action in found if isinstance(action.step, MakeBuilder)]
            if making:
                _require_options(each, buildx_version() if coming.buildx is None else coming.buildx)
                self._require_access(making, state, coming)
            if self.disruption.mode == "never" and any(ends_builds(action, builder) for action in found):
                waits.append(
                    f"pending, as builder_disruption is never: {'; '.join(action.summary for action in found)}"
                )
            else:
                actions += [*found, *remote_tls.leftovers(each, self.users)]
        notes = (*Kind.LIMIT.notes(limits), *Kind.LEFT_ALONE.notes(left), *Kind.WAITS.notes(waits))
        return Plan(tuple(actions), notes)

    def _versions(self, coming: Arrival) -> t.Dict[str, t.Optional[str]]:
        """Those of the programs that decide whether a setting has an effect, as they are or come."""
        asked = programs_to_ask(self.client_environment)
        here = {BUILDX: (coming.buildx, buildx_version), DOCKER: (coming.engine, docker_version)}
        return {name: look() if new is None else new for name, (new, look) in here.items() if name in asked}

    def _require_access(self, making: t.Sequence[MakeBuilder], state: BuildxState, coming: Arrival) -> None:
        """Raise for users who may not use this host's Docker, and shall not be let in."""
        if self.docker_group or (coming.engine is None and not self.docker.answers()):
            return
        for step in making:
            if step.instance.driver == "docker-container" and any(node.local for node in step.instance.nodes):
                docker_group.require(step.users, state.membership, docker=coming.engine is None)

    def apply(self, actions: t.Sequence[Action]) -> None:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.apply import Application

        Application(self.docker, self._docker_of, self.disruption).apply(actions)


def _require_options(wanted: Instance, buildx: t.Optional[str]) -> None:
    """Raise for driver options that *buildx*, its version, does not know: asked only when a builder is made."""
    options = dict.fromkeys(name for node in wanted.nodes for name in options_of(wanted, node))
    words = too_new(wanted.driver, options, buildx or "")
    if words:
        raise HostError(f"builder {wanted.name}: {'; '.join(words)}: install a newer buildx, or leave it out")


def _has(entry: t.Union[store.StoredBuilder, str, None], node: Node) -> bool:
    there = entry.nodes if isinstance(entry, store.StoredBuilder) else ()
    return node.name.lower() in [each.name.lower() for each in there]
