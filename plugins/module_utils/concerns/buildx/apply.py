# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies the plan of the builders, step by step."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import (
    certificates,
    client,
    client_settings,
    docker_group,
    environment_file,
    inherit,
    job_builders,
    nodes,
    ours,
    ssh_keys,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.create import Maker
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import (
    DropNode,
    MakeBuilder,
    ReplaceCertificates,
    ReviveBuilder,
    StartBuilder,
    UseBuilder,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name, drain
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import RestoreRights, restore
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import remove, write
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption, Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Doers, perform
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile


@dataclass(frozen=True)
class Application:
    """*docker* is this host's, *docker_of* finds a node's; *disruption* is how running builds are treated."""

    docker: Docker
    docker_of: t.Callable[[Node], Docker]
    disruption: Disruption

    def apply(self, actions: t.Sequence[Action]) -> None:
        """Apply *actions*. Raises HostError."""
        doers: Doers = {
            WriteFile: write,
            RemoveFile: remove,
            RestoreRights: restore,
            client_settings.WriteSettings: client_settings.apply,
            environment_file.WriteEnvironment: environment_file.apply,
            docker_group.ChangeMember: docker_group.apply,
            inherit.SetDefaults: inherit.set_defaults,
            inherit.ForgetDefaults: inherit.forget_defaults,
            job_builders.RenewCertificates: lambda step: job_builders.renew(step, self.docker),
            DropNode: self._drop_node,
            MakeBuilder: Maker(self.docker_of, self.disruption).make,
            ReplaceCertificates: self._replace_certificates,
            ReviveBuilder: self._revive_builder,
            StartBuilder: self._start_builder,
            UseBuilder: _use,
            **ssh_keys.doers(),
        }
        perform(actions, doers)

    def _replace_certificates(self, step: ReplaceCertificates) -> None:
        ours.claim_entries(step.instance, step.users)
        for user in step.users:
            certificates.replace_in_store(user, step.instance)
        for node in step.instance.nodes:
            if node.name in step.nodes:
                given = step.instance.certificates
                certificates.replace_in_container(self.docker_of(node), container_name(node.name), given)

    def _start_builder(self, step: StartBuilder) -> None:
        down = [node for node in step.instance.nodes if not self._runs(node)]
        for node in down:
            nodes.remove_useless(node, self.docker_of(node))
        if down:
            client.bootstrap(step.instance.name, step.user)

    def _runs(self, node: Node) -> bool:
        found = nodes.condition_of(node.name, self.docker_of(node))
        return found is not None and found.running

    def _revive_builder(self, step: ReviveBuilder) -> None:
        for node in step.instance.nodes:
            if node.name in step.nodes:
                nodes.revive(node.name, self.docker_of(node))

    def _drop_node(self, step: DropNode) -> None:
        docker = nodes.docker_of(step.stray.endpoint, step.stray.user, self.docker)
        what = f"taking node {step.stray.name} off builder {step.instance.name}"
        drain(lambda: nodes.work_in(step.stray.name, docker), self.disruption, what)
        nodes.remove_container(docker, step.stray.name)


def _use(step: UseBuilder) -> None:
    ours.note_choice(step.user)
    client.use(step)
