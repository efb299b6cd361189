# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A builder of this host that is served to clients elsewhere: a program that verifies them, in front of BuildKit."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve import units
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import (
    FOLDER,
    PROGRAM,
    PYTHON,
    SERVICE,
    USER,
    Client,
    Served,
    digest,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.plan import (
    CreateUser,
    InstallProgram,
    PlaceFile,
    PrepareFolder,
    Reload,
    ServeState,
    Start,
    holder_of,
    moves,
    planned,
    restarts,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.retired import (
    RemoveServed,
    RetiredServe,
    RetiredState,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name, drain
from ansible_collections.multiarch.builders.plugins.module_utils.host import files, look, own_program, watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import NoProgramError, must, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user, me, owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import (
    Disruption,
    Params,
    disruption_of,
    local_node,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Doers,
    Effects,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner, WriteFile

_PROGRAM = "the program of builder_serve"
_FOLDER_MODE, _FILE_MODE = 0o750, 0o640

State = t.Union[ServeState, RetiredState]


@dataclass
class Serve(Concern[State]):
    """The builder that is *served*, None for none; its program was uploaded to *source*."""

    served: t.Optional[Served] = None
    source: t.Optional[str] = None
    disruption: Disruption = field(default_factory=lambda: Disruption("wait", 900))
    concern: t.ClassVar[str] = "serve"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> Serve:  # noqa: ARG003  # it starts a docker for each client
        given = params["serve"] or {}
        served = _served(given, params) if given.get("address") else None
        return cls(served, given.get("src"), disruption_of(params))

    def observe(self) -> State:
        if self.served is None:
            return RetiredServe(self.disruption).observe()
        wanted = self.served
        paths = wanted.files()
        state = ServeState(
            python=look.exists(PYTHON),
            user=is_user(USER),
            program=own_program.digest(PROGRAM),
            units=_texts(wanted.units()),
            files=_texts(paths),
            fitting=frozenset(each for each in (FOLDER, *paths) if _fits(each)),
        )
        if all(path in state.units for path in wanted.units()):
            runs, unread = units.look_at_all()
            state = replace(state, loaded=units.loaded(), runs=runs, unread=unread)
        if restarts(wanted, state):
            state = replace(state, connections=units.connections().count)
        if moves(wanted, state) or not state.runs:
            state = replace(state, holder=_holder(wanted), elsewhere=_is_elsewhere(wanted.address))
        return state

    def plan(self, state: State, effects: Effects) -> Plan:
        if self.served is None or not isinstance(state, ServeState):
            return RetiredServe(self.disruption).plan(t.cast("RetiredState", state), effects)
        return planned(self.served, state, self.disruption.mode)

    def apply(self, actions: t.Sequence[Action]) -> None:
        served = self.served
        if served is None or any(isinstance(action.step, RemoveServed) for action in actions):
            RetiredServe(self.disruption).apply(actions)
            return
        doers: Doers = {
            CreateUser: lambda _step: _create_user(),
            PrepareFolder: lambda _step: _prepare_folder(),
            PlaceFile: _place,
            InstallProgram: lambda _step: own_program.install(PROGRAM, self.source, served.program, _PROGRAM),
            WriteFile: files.write,
            Start: lambda step: _start(served, step),
            Reload: lambda _step: _reload(served),
        }
        ends = any(isinstance(action.step, Start) and action.step.restarts for action in actions)
        later = [action for action in actions if ends and isinstance(action.step, (InstallProgram, WriteFile, Start))]
        perform([action for action in actions if action not in later], doers)
        if ends:  # who may connect is already what it is to be
            drain(units.connections, self.disruption, f"restarting {SERVICE}")
        perform(later, doers)


def _start(served: Served, step: Start) -> None:
    units.start(step)
    units.await_loaded(served.program, digest(served.files()))


def _reload(served: Served) -> None:
    before = units.report()
    units.reload()
    units.await_loaded(None, digest(served.files()), before)


def _served(given: Params, params: Params) -> Served:
    """The builder's container is that of its node on this host; the controller has checked that there is one."""
    node = local_node(params, given["builder"])
    if node is None:
        raise HostError(f"builder_serve.builder: {given['builder']!r} has no node on this host")
    return Served(
        builder=given["builder"],
        container=container_name(node),
        address=given["address"],
        port=given["port"],
        ca=given["ca"],
        certificate=given["certificate"],
        key=given["key"],
        allowed=tuple(Client(row["name"], row["fingerprint"], int(row.get("ends") or 0)) for row in given["allowed"]),
        program=given["program"],
        docker=look.program("docker") or "/usr/bin/docker",
    )


def _texts(paths: t.Iterable[str]) -> t.Dict[str, str]:
    found = {path: files.read(path) for path in paths}
    return {path: text for path, text in found.items() if text is not None}


def _fits(path: str) -> bool:
    """Whether owner and mode are those that are wanted."""
    found = look.own_rights(path)
    if found is None or not is_user(USER):
        return False
    mode = _FOLDER_MODE if path == FOLDER else _FILE_MODE
    return (found.st_mode & 0o7777, found.st_uid, found.st_gid) == (mode, me().uid, owner_of(USER).gid)


def _holder(wanted: Served) -> str:
    """Who has its port; unknown without iproute2."""
    options = ["--no-header", "--listening", "--tcp", "--numeric", "--processes"]
    with watch.unwatched():
        try:
            shown = run(["ss", *options, f"sport = :{wanted.port}"]).stdout
        except NoProgramError:
            return ""
    return holder_of(shown, wanted, ours=units.listens()) if shown.strip() else ""


def _is_elsewhere(address: str) -> bool:
    """Whether the host has no such address; unknown without iproute2."""
    if address in ("0.0.0.0", "::"):
        return False
    with watch.unwatched():
        try:
            return not run(["ip", "-oneline", "address", "show", "to", address]).stdout.strip()
        except NoProgramError:
            return False


def _create_user() -> None:
    """Recorded before: a crash in between records too much, never too little."""
    RECORD.update(lambda found: replace(found, user=True))
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    must(["useradd", *options, "--shell", "/usr/sbin/nologin", USER], f"user {USER} cannot be created")


def _prepare_folder() -> None:
    folder = at(FOLDER)
    try:
        folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        os.chown(folder, me().uid, owner_of(USER).gid)
        folder.chmod(_FOLDER_MODE)
    except OSError as exc:
        raise HostError(f"{FOLDER} cannot be created: {exc}") from exc


def _place(step: PlaceFile) -> None:
    owner = Owner(me().uid, owner_of(USER).gid)
    files.write(WriteFile(step.path, step.content, mode=_FILE_MODE, owner=owner))
