# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every builder runs as asked, for every user: created, recreated with its cache kept, or started again."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils import record
from ansible_collections.multiarch.builders.plugins.module_utils.buildx import certificates, client, settings, store
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.decide import (
    Builder,
    BuildxState,
    MakeBuilder,
    ReplaceCertificates,
    StartBuilder,
    UseBuilder,
    actions_for,
    ends_builds,
)
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.drift import Container, Remembered, digest
from ansible_collections.multiarch.builders.plugins.module_utils.command import owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.files import (
    RemoveFile,
    WriteFile,
    back_up,
    read,
    remove,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Action, Effects, Plan, Resource
from ansible_collections.multiarch.builders.plugins.module_utils.running_work import (
    BUILDER_PREFIX,
    Work,
    builds_in,
    drain,
)
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Disruption, Instance


@dataclass
class Buildx(Resource[BuildxState]):
    """The builders of a host."""

    instances: t.Tuple[Instance, ...]
    users: t.Tuple[str, ...]
    client_patch: t.Mapping[str, t.Any]
    disruption: Disruption
    docker: Docker
    concern: t.ClassVar[str] = "buildx"

    def observe(self) -> BuildxState:
        memory = record.load(self.concern).get("builders", {})
        answers = self.docker.answers()
        builders = {each.name: self._builder(each, memory.get(each.name), answers) for each in self.instances}
        return BuildxState(builders, settings.observe(self.users, self.client_patch))

    def _builder(self, wanted: Instance, memory: t.Optional[t.Mapping[str, str]], answers: bool) -> Builder:
        return Builder(
            container=self._container(wanted) if answers else None,
            entries={user: _entry(user, wanted.name) for user in self.users},
            current={user: store.current(user) for user in self.users} if wanted.default else {},
            memory=Remembered(**memory) if memory else None,
        )

    def _container(self, wanted: Instance) -> t.Optional[Container]:
        name = container_name(wanted)
        found = self.docker.find(f"/containers/{name}/json")
        if found is None:
            return None
        files = self.docker.files(name, "/etc/buildkit")
        named = {path.partition("/")[2]: content for path, content in files.items()}
        return Container(bool(found["State"]["Running"]), found["Config"]["Image"], named)

    def plan(self, state: BuildxState, effects: Effects) -> Plan:
        actions = [action for each in state.settings for action in settings.actions_for(each, self.client_patch)]
        notes: t.List[str] = []
        for each in self.instances:
            builder = state.builders[each.name]
            found = actions_for(each, self.users, builder, effects)
            if self.disruption.mode == "never" and any(ends_builds(action, builder) for action in found):
                notes.append(
                    f"pending, as builder_disruption is never: {'; '.join(action.summary for action in found)}"
                )
            else:
                actions += found
        return Plan(tuple(actions), tuple(notes))

    def apply(self, actions: t.Sequence[Action]) -> None:
        for action in actions:
            step = action.step
            if isinstance(step, MakeBuilder):
                self._make_builder(step)
            elif isinstance(step, ReplaceCertificates):
                self._replace_certificates(step)
            elif isinstance(step, StartBuilder):
                self._start_builder(step)
            elif isinstance(step, settings.WriteSettings):
                settings.apply(step)
            elif isinstance(step, UseBuilder):
                client.buildx(step.user, "use", "--global", step.instance.name)

    def _replace_certificates(self, step: ReplaceCertificates) -> None:
        for user in step.users:
            certificates.replace_in_store(user, step.instance)
        if step.container:
            certificates.replace_in_container(self.docker, container_name(step.instance), step.instance)

    def _start_builder(self, step: StartBuilder) -> None:
        found = self.docker.find(f"/containers/{container_name(step.instance)}/json")
        if found is None or not found["State"]["Running"]:
            client.bootstrap(step.instance.name, step.user)

    def _make_builder(self, step: MakeBuilder) -> None:
        name = container_name(step.instance)
        if step.container:
            drain(lambda: self._work(name), self.disruption, f"recreating builder {step.instance.name}")
        former = {user: read(store.entry_path(user, step.instance.name), owner_of(user)) for user in step.users}
        for user in step.users:
            back_up(store.entry_path(user, step.instance.name), owner_of(user))
        try:
            if step.container:
                self._remove_container(name)
            for user in step.users:
                # the entry goes, the container stays: buildx cannot change a builder (docker/buildx#3079)
                remove(RemoveFile(store.entry_path(user, step.instance.name), owner=owner_of(user)))
                client.create(step.instance, user)
        except HostError:
            self._put_back(step, former)
            raise
        self._remember(step)

    def _work(self, container: str) -> Work:
        found = self.docker.find(f"/containers/{container}/json")
        running = found is not None and found["State"]["Running"]
        return Work((container,) if running and builds_in(container) else (), ())

    def _remove_container(self, name: str) -> None:
        """The cache is a volume of its own and stays."""
        if self.docker.find(f"/containers/{name}/json") is not None:
            self.docker.delete(f"/containers/{name}?force=1")

    def _put_back(self, step: MakeBuilder, former: t.Mapping[str, t.Optional[str]]) -> None:
        """The former entries, and the former container from them, so that the host builds as before."""
        for user, text in former.items():
            path = store.entry_path(user, step.instance.name)
            if text is None:
                remove(RemoveFile(path, owner=owner_of(user)))
            else:
                write(WriteFile(path, text, mode=0o600, owner=owner_of(user)))
        again = next((user for user, text in former.items() if text is not None), None)
        if step.container and again is not None:
            self._remove_container(container_name(step.instance))
            client.buildx(again, "inspect", "--bootstrap", step.instance.name)

    def _remember(self, step: MakeBuilder) -> None:
        entry = _entry(step.users[0], step.instance.name)
        if not isinstance(entry, store.StoredBuilder):
            return
        stored = entry.nodes[0].files.get(store.TOML, b"")
        memory = record.load(self.concern)
        mark = {"rendered": digest(step.instance.config.encode()), "stored": digest(stored)}
        record.save(self.concern, {**memory, "builders": {**memory.get("builders", {}), step.instance.name: mark}})


def container_name(wanted: Instance) -> str:
    """The container of the builder's only node, whose name buildx writes in lower case (store/nodegroup.go)."""
    return f"{BUILDER_PREFIX}{wanted.name.lower()}0"


def _entry(user: str, name: str) -> t.Union[store.StoredBuilder, str, None]:
    text = read(store.entry_path(user, name), owner_of(user))
    if text is None:
        return None
    try:
        return store.parse(text)
    except store.BrokenEntryError as exc:
        return str(exc)
