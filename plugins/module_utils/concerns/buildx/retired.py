# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes what is managed of buildx and its client: all of it, or what no variable names any more."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import (
    client_settings,
    docker_group,
    environment_file,
    inherit,
    ours,
    retire_apply,
    ssh_keys,
    ssh_plan,
    store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.nodes import docker_of
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD, OwnBuilder
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.retire_apply import (
    Leaver,
    PutChoiceBack,
    RemoveBuilder,
    RemoveVolume,
    present_users,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.retire_observe import (
    Going,
    Looker,
    actions_for,
    notes_on,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import (
    Disruption,
    Inherited,
    Params,
    disruption_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Doers,
    Effects,
    Kind,
    Note,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_json, pulled_images
from ansible_collections.multiarch.builders.plugins.module_utils.state.pulled_images import PulledImage, RemoveImage

_NOTHING = "nothing managed is left in it"


@dataclass(frozen=True)
class Asked:
    """The builders (their names) and users that the variables still name."""

    builders: t.FrozenSet[str]
    users: t.FrozenSet[str]


@dataclass(frozen=True)
class Forget:
    """The step that drops a *file*, or config.json of *user*, from the record: someone else changed our part of it."""

    user: str = ""
    file: str = ""


@dataclass(frozen=True)
class RetiredState:
    """Existing *images* with the containers that use them, *choices* by user, *silent* messages about unreachable ones.

    *clients* are the users with managed keys in config.json, *settings* those of existing users, *environment* the
    files with lines of ours, *defaults* what builders inherited that users made, *ssh* the keys for nodes.
    """

    going: t.Tuple[Going, ...]
    images: t.Mapping[PulledImage, t.Tuple[str, ...]]
    choices: t.Mapping[str, t.Tuple[str, t.Mapping[str, t.Optional[str]]]]
    silent: t.Tuple[str, ...] = ()
    clients: t.Tuple[str, ...] = ()
    settings: t.Tuple[client_settings.Settings, ...] = ()
    environment: t.Mapping[str, environment_file.EnvironmentFile] = field(default_factory=dict)
    membership: docker_group.Membership = field(default_factory=docker_group.Membership)
    defaults: t.Tuple[inherit.Defaults, ...] = ()
    ssh: ssh_plan.SshState = field(default_factory=ssh_plan.SshState)


@dataclass
class RetiredBuildx(Concern[RetiredState]):
    """All that is managed, or only what *asked* no longer specifies; *volumes* says whether caches are removed, too."""

    asked: t.Optional[Asked]
    volumes: bool
    disruption: Disruption
    docker: Docker
    concern: t.ClassVar[str] = "buildx"
    _dialled: t.Dict[t.Tuple[str, str], Docker] = field(default_factory=dict)

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> RetiredBuildx:
        names = frozenset(each["name"].lower() for each in params["instances"])
        asked = None if params["only"] == "all" else Asked(names, frozenset(params["users"]))
        return cls(asked, params["volumes"], disruption_of(params), docker)

    def observe(self) -> RetiredState:
        looker = Looker(self._docker_of, self.docker)
        found = [(own, self._leaves(own)) for own in ours.builders().values()]
        going = tuple(looker.look(own, *leaves) for own, leaves in found if leaves is not None)
        images, silent = self._images() if self.asked is None else ({}, ())
        choices = {
            user: (each.own.name, ours.choice(user) or {"current": None})
            for each in going
            for user in each.entries
            if (store.current(user) or "").lower() == each.own.name.lower()
        }
        users = sorted({user for each in client_settings.remembered() for user in each})
        clients = tuple(user for user in users if self.asked is None or user not in self.asked.users)
        given = inherit.observe(Inherited())
        defaults = tuple(each for each in given if self.asked is None or each.user not in self.asked.users)
        settings = client_settings.observe(present_users(clients), {})
        state = RetiredState(going, images, choices, silent, clients, settings, defaults=defaults)
        if self.asked is not None:
            return state
        keys = ssh_keys.observe(ssh_plan.SshWanted())
        return replace(state, environment=environment_file.observe(None), membership=docker_group.observe(()), ssh=keys)

    def _leaves(self, own: OwnBuilder) -> t.Optional[t.Tuple[t.Tuple[str, ...], bool]]:
        """(users who lose the builder, whether all of it is removed), None if it is kept as it is."""
        whole = self.asked is None or own.name.lower() not in self.asked.builders
        users = tuple(user for user in own.users if whole or (self.asked and user not in self.asked.users))
        return (users, whole) if whole or users else None

    def _images(self) -> t.Tuple[t.Dict[PulledImage, t.Tuple[str, ...]], t.Tuple[str, ...]]:
        found, silent = {}, []
        known = RECORD.read().images
        if known:
            pulled_images.require_docker(known, self.docker)
        for image in known:
            try:
                docker = self._docker_of(image.endpoint, image.user)
                if pulled_images.is_there(image, docker):
                    found[image] = pulled_images.users_of(image, docker)
            except HostError as exc:
                if image.endpoint:
                    silent.append(f"image {image.reference} at {image.endpoint} stays: {exc}")
        return found, tuple(silent)

    def _docker_of(self, endpoint: str, user: str) -> Docker:
        if (endpoint, user) not in self._dialled:
            who = _who_reaches(endpoint, user) if endpoint else user
            self._dialled[endpoint, user] = docker_of(endpoint, who, self.docker)
        return self._dialled[endpoint, user]

    def plan(self, state: RetiredState, effects: Effects) -> Plan:  # noqa: ARG002  # it is the first concern
        notes = [*notes_on(state.going, volumes=self.volumes), *Kind.LEFT_ALONE.notes(state.silent)]
        # first: a run that ends in between still has the builder by which the next one knows whose choice it is
        actions = [_choice(user, name, files) for user, (name, files) in state.choices.items()]
        actions += actions_for(state.going, volumes=self.volumes)
        working = [name for each in state.going for name in each.working]
        if working and self.disruption.mode == "never":
            told = (
                f"pending, as builder_disruption is never and a build runs in {', '.join(working)}: nothing is removed"
            )
            return Plan(notes=(Note(Kind.WAITS, told),), holds=True)
        steps = [each.step for each in state.going]
        gone = {container_name(node.name) for step in steps if not step.back for node in step.nodes}
        for image, users in state.images.items():
            left = [name for name in users if name not in gone]
            if left:
                where = f" at {image.endpoint}" if image.endpoint else ""
                words = f"image {image.reference}{where} is kept: {', '.join(left)} uses it"
                notes.append(Note(Kind.LEFT_ALONE, words))
            else:
                actions.append(pulled_images.removal(image))
        actions += inherit.actions_for(state.defaults, Inherited())
        actions += _settings(state)
        actions += _environment(state)
        actions += docker_group.actions_for(False, (), state.membership)
        if not any(place.silent for each in state.going for place in each.places):  # the next run has to reach those
            actions += ssh_plan.planned(ssh_plan.SshWanted(), state.ssh).after
        return Plan(tuple(actions), tuple(notes))

    def apply(self, actions: t.Sequence[Action]) -> None:
        leaver = Leaver(self._docker_of, self.disruption)
        for action in actions:  # before the first change, as the choices of users come first
            if isinstance(action.step, RemoveBuilder):
                leaver.wait_for_builds(action.step)
        doers: Doers = {
            RemoveBuilder: leaver.remove_builder,
            RemoveVolume: leaver.remove_volume,
            RemoveImage: leaver.remove_image,
            PutChoiceBack: retire_apply.put_choice_back,
            Forget: _forget,
            client_settings.WriteSettings: client_settings.apply,
            environment_file.WriteEnvironment: environment_file.apply,
            docker_group.ChangeMember: docker_group.apply,
            inherit.SetDefaults: inherit.set_defaults,
            inherit.ForgetDefaults: inherit.forget_defaults,
            **ssh_keys.doers(),
        }
        perform(actions, doers)


def _who_reaches(endpoint: str, user: str) -> str:
    """The *user*, or if removed from this host, another one with a builder there, or root, who may do so as well."""
    if is_user(user):
        return user
    there = [own for own in ours.builders().values() if any(node.endpoint == endpoint for node in own.nodes)]
    return next((each for own in there for each in own.users if is_user(each)), "root")


def _settings(state: RetiredState) -> t.List[Action]:
    """Actions for the managed keys of config.json, of all users or of those no longer specified."""
    actions = [action for each in state.settings for action in client_settings.actions_for(each, {})]
    written = [action.step.user for action in actions if isinstance(action.step, client_settings.WriteSettings)]
    return actions + [
        Action(f"drop config.json of {user} from the record: {_NOTHING}", Forget(user=user))
        for user in state.clients
        if user not in written
    ]


def _environment(state: RetiredState) -> t.List[Action]:
    actions = environment_file.actions_for(state.environment, None, {})
    written = [action.step.path for action in actions if isinstance(action.step, environment_file.WriteEnvironment)]
    return actions + [
        Action(f"forget {path}: {_NOTHING}", Forget(file=path)) for path in state.environment if path not in written
    ]


def _forget(step: Forget) -> None:
    if step.user:
        client_settings.own(step.user, {}, {})
        config_json.tidy(step.user)
    if step.file:
        environment_file.forget(step.file)


def _choice(user: str, builder: str, files: t.Mapping[str, t.Optional[str]]) -> Action:
    try:
        former = json.loads(files.get("current") or "{}").get("Name") or "default"
    except (ValueError, AttributeError):
        former = "default"
    return Action(f"select {former} as the builder of {user} again, in place of {builder}", PutChoiceBack(user, files))
