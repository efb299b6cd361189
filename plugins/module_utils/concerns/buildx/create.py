# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates and recreates builders: waits for running builds, keeps the cache, rolls back on failure."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import client, nodes, ours, store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import MakeBuilder
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import Remembered, digest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name, drain
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import back_up, read, remove, write
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption, Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile


@dataclass(frozen=True)
class Maker:
    """*docker_of* returns the dockerd of a node."""

    docker_of: t.Callable[[Node], Docker]
    disruption: Disruption

    def make(self, step: MakeBuilder) -> None:
        renewed = [node for node in step.instance.nodes if node.name in step.renewed]
        for node in renewed:
            docker = self.docker_of(node)
            drain(
                lambda node=node, docker=docker: nodes.work_in(node.name, docker),  # type: ignore[misc]
                self.disruption,
                f"recreating builder {step.instance.name}",
            )
        former = {user: read(store.entry_path(user, step.instance.name), owner_of(user)) for user in step.users}
        newcomers = [user for user in step.users if not ours.has(step.instance.name, user)]
        for user in step.users:
            back_up(store.entry_path(user, step.instance.name), owner_of(user))
        ours.claim(step.instance, step.users, self.docker_of)
        absent = [each for each in step.instance.nodes if self._is_absent(step, each)]
        try:
            for node in renewed:
                nodes.remove_container(self.docker_of(node), node.name)
            for user in step.users:
                # remove the entry, keep the containers: buildx cannot change a builder (docker/buildx#3079)
                remove(RemoveFile(store.entry_path(user, step.instance.name), owner=owner_of(user)))
                client.create(step.instance, user)
        except HostError:
            self._put_back(step, former)
            self._remove(absent)
            ours.release(step.instance.name, newcomers)
            raise
        self._remember(step)

    def _put_back(self, step: MakeBuilder, former: t.Mapping[str, t.Optional[str]]) -> None:
        """Restore the former entries, and the former containers from them, so that the host builds as before."""
        for user, text in former.items():
            path = store.entry_path(user, step.instance.name)
            if text is None:
                remove(RemoveFile(path, owner=owner_of(user)))
            else:
                write(WriteFile(path, text, mode=0o600, owner=owner_of(user)))
        again = next((user for user, text in former.items() if text is not None), None)
        if step.renewed and again is not None:
            for node in step.instance.nodes:
                if node.name in step.renewed:
                    nodes.remove_container(self.docker_of(node), node.name)
            client.buildx(again, "inspect", "--bootstrap", step.instance.name)

    def _is_absent(self, step: MakeBuilder, node: Node) -> bool:
        if step.instance.driver != "docker-container":
            return False
        return self.docker_of(node).find(f"/containers/{container_name(node.name)}/json") is None

    def _remove(self, absent: t.Iterable[Node]) -> None:
        """Remove new containers: one whose first start failed would restart forever."""
        for node in absent:
            with contextlib.suppress(HostError):  # the first failure is reported
                nodes.remove_container(self.docker_of(node), node.name)

    def _remember(self, step: MakeBuilder) -> None:
        entry = store.entry(step.users[0], step.instance.name)
        if not isinstance(entry, store.StoredBuilder):
            return
        stored = entry.nodes[0].files.get(store.TOML, b"")
        new = {step.instance.name: Remembered(digest(step.instance.config.encode()), digest(stored))}
        RECORD.update(lambda found: replace(found, configurations={**found.configurations, **new}))
