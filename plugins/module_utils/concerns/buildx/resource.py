# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every builder runs as specified, for every user: created, recreated with its cache kept, or started again."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import (
    client_settings,
    docker_group,
    environment_file,
    inheritance,
    native_nodes,
    network,
    nodes,
    ours,
    remote_tls,
    ssh_keys,
    store,
    store_rights,
    unused_caches,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.container import Container
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import (
    Builder,
    BuildxState,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.docker_group import Membership
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import Remembered
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.plan import (
    making,
    planned,
    platforms_of,
    users_of_docker,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.silence import Silence
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ssh_plan import SshState, SshWanted
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_plugin import (
    buildx_version,
    docker_version,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.client_environment import (
    BUILDX,
    DOCKER,
    programs_to_ask,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.platform_names import with_dots
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.homes import require_home
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import (
    Disruption,
    Inherited,
    Instance,
    Node,
    Params,
    disruption_of,
    inherited_of,
    instances_of,
    proxy_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Effects, Plan


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
    platforms: t.Tuple[str, ...] = ()
    inherited: Inherited = field(default_factory=Inherited)
    ssh: SshWanted = field(default_factory=SshWanted)
    concern: t.ClassVar[str] = "buildx"
    _dialled: t.Dict[str, Docker] = field(default_factory=dict)

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> Concern[t.Any]:
        if params["ssh_options"].get("keys_only"):
            return ssh_keys.SshKeys.from_params(params, docker)
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
            platforms=tuple(params["platforms"]),
            inherited=inherited_of(params),
            ssh=ssh_keys.wanted_of(params),
        )

    def observe(self) -> BuildxState:
        for user in self.users:
            require_home(user)
        known = RECORD.read().configurations
        docker = self.docker if self.docker.answers() else None
        keys = ssh_keys.observe(self.ssh)
        builders = {
            each.name: self._builder(each, known.get(each.name), keys, answers=docker is not None)
            for each in self.instances
        }
        made, dotted = making(self, builders), with_dots(platforms_of(self))
        values = environment_file.wanted_values(self.instances, self.client_environment)
        left = unused_caches.notes_on(docker, self._known()) if docker is not None else []
        left += ours.leftover_notes([each.name for each in self.instances], self.users, docker)
        return BuildxState(
            builders,
            client_settings.observe(self.users, self.client_patch),
            self._membership(users_of_docker(made) if docker is not None else ()),
            store_rights.observe(self.users, [each.name for each in self.instances]),
            network.observe(self.instances, docker),
            environment_file.observe(self.environment_file if values else None),
            tuple(left),
            _versions(programs_to_ask(self.client_environment) | ({BUILDX} if made or dotted else set())),
            inheritance.observe(self.inherited, self.instances, docker),
            _size_of_disk(docker) if docker is not None and made else None,
            keys,
        )

    def _membership(self, users: t.Iterable[str]) -> Membership:
        """Who is in Docker's group; of *users*, who need Docker, those outside are checked for access to it."""
        found = docker_group.observe(self.users)
        outside = [] if self.docker_group else [user for user in users if user in found.outside]
        return docker_group.asked(found, outside)

    def _builder(self, wanted: Instance, memory: t.Optional[Remembered], keys: SshState, *, answers: bool) -> Builder:
        entries = {user: store.entry(user, wanted.name) for user in self.users}
        containers, machines, silent = self._nodes(wanted, entries, keys, answers=answers)
        return Builder(
            containers=containers,
            entries=entries,
            current={user: store.current(user) for user in self.users} if wanted.default else {},
            memory=memory,
            strays=nodes.strays(wanted, entries, self.docker),
            silent=silent,
            certificates=remote_tls.missing(wanted, self.users),
            outdated=remote_tls.leftovers(wanted, self.users),
            machines=machines,
        )

    def _nodes(
        self,
        wanted: Instance,
        entries: t.Mapping[str, t.Union[store.StoredBuilder, str, None]],
        keys: SshState,
        *,
        answers: bool,
    ) -> t.Tuple[t.Dict[str, t.Optional[Container]], native_nodes.Machines, t.Tuple[Silence, ...]]:
        """(containers by node, machines, nodes that do not answer); other drivers have no containers."""
        found: t.Dict[str, t.Optional[Container]] = {}
        machines: t.Dict[str, str] = {}
        silent: t.List[Silence] = []
        for node in wanted.nodes if wanted.driver == "docker-container" else ():
            if not ssh_keys.is_known(keys, node.ssh):
                told = f"node {node.name} at {node.endpoint}: ssh does not know it"
                silent.append(Silence(node.name, node.endpoint, self.users[0], told))
                found[node.name] = None
                continue
            newcomers = [] if node.local else [user for user in self.users if not _has(entries[user], node)]
            words = [(user, nodes.silence_at_once(node, user)) for user in newcomers]
            silent += [Silence(node.name, node.endpoint, user, each) for user, each in words if each]
            found[node.name] = None
            if not any(each for _user, each in words) and (answers or not node.local):
                try:
                    found[node.name] = nodes.container_of(node, self._docker_of(node))
                    if native_nodes.has_choice(wanted):
                        machines[node.name] = str(self._docker_of(node).get("/info").get("Architecture", ""))
                except HostError as exc:
                    told = nodes.in_words(node, self.users[0], str(exc))
                    silent.append(Silence(node.name, node.endpoint, self.users[0], told))
        return found, machines, tuple(dict.fromkeys(silent))

    def _known(self) -> t.Set[str]:
        """The containers of all builders that are specified, or in one of the users' stores."""
        asked = {node.name for each in self.instances for node in each.nodes}
        stored = {name for user in self.users for name in store.node_names(user)}
        return {container_name(name) for name in asked | stored}

    def _docker_of(self, node: Node) -> Docker:
        if node.endpoint not in self._dialled:
            self._dialled[node.endpoint] = nodes.docker_of(node.endpoint, self.users[0], self.docker)
        return self._dialled[node.endpoint]

    def plan(self, state: BuildxState, effects: Effects) -> Plan:
        return planned(self, state, effects)

    def apply(self, actions: t.Sequence[Action]) -> None:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.apply import Application

        Application(self.docker, self._docker_of, self.disruption).apply(actions)


def _size_of_disk(docker: Docker) -> t.Optional[int]:
    """Bytes of the file system of docker's volumes, None if unknown."""
    try:
        found = look.file_system(str(docker.get("/info").get("DockerRootDir", "")))
    except OSError:
        return None
    return found.f_frsize * found.f_blocks


def _versions(programs: t.Container[str]) -> t.Dict[str, t.Optional[str]]:
    """The versions of *programs*, None for a missing one."""
    looks = {BUILDX: buildx_version, DOCKER: docker_version}
    return {name: look() for name, look in looks.items() if name in programs}


def _has(entry: t.Union[store.StoredBuilder, str, None], node: Node) -> bool:
    there = entry.nodes if isinstance(entry, store.StoredBuilder) else ()
    return node.name.lower() in [each.name.lower() for each in there]
