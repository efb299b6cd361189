# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a served builder. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve import messages
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import (
    FOLDER,
    PROGRAM,
    PYTHON,
    SERVICE,
    SOCKET,
    USER,
    Served,
    digest,
    unit_path,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Difference,
    Kind,
    Note,
    Plan,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile


@dataclass(frozen=True)
class Loaded:
    """What the running program has loaded: digests of itself and of its files; *error* says why a reload failed."""

    program: str
    files: str
    error: str = ""


@dataclass(frozen=True)
class ServeState:
    """The served builder on the host: whether its *user* exists, SHA-256 of its *program*, texts of its *units*.

    *files* are the texts of its files, *fitting* those with the right owner and mode, the folder among them. *loaded*
    is None if it does not run; *runs* says whether all units run, now and after a reboot; *unread* are those which
    systemd has not read since they were written, as after a kill. *connections* of clients,
    *holder*, who has the port, and *elsewhere*, whether the host lacks the address, are only looked at if they matter.
    """

    python: bool = True
    user: bool = False
    program: t.Optional[str] = None
    units: t.Mapping[str, str] = field(default_factory=dict)
    files: t.Mapping[str, str] = field(default_factory=dict, repr=False)
    fitting: t.FrozenSet[str] = frozenset()
    loaded: t.Optional[Loaded] = None
    runs: bool = False
    unread: t.FrozenSet[str] = frozenset()
    connections: int = 0
    holder: str = ""
    elsewhere: bool = False


@dataclass(frozen=True)
class CreateUser:
    """The step that creates the system's user and group."""


@dataclass(frozen=True)
class PrepareFolder:
    """The step that creates the folder of the files, or corrects its owner and mode."""


@dataclass(frozen=True)
class PlaceFile:
    """The step that writes a file for the program, which only root may change."""

    path: str
    content: str = field(repr=False)


@dataclass(frozen=True)
class InstallProgram:
    """The step that installs the program."""


@dataclass(frozen=True)
class Start:
    """The step that starts all units, now and at each boot. *listens*: the listening socket is opened anew, too.

    *restarts*: the program runs, and ends its connections.
    """

    restarts: bool = False
    listens: bool = False


@dataclass(frozen=True)
class Reload:
    """The step that has the program read its files again."""


# The other units are for connections, each of which systemd starts as the unit is by then.
_RESTARTING = (SERVICE, SOCKET)


def restarts(served: Served, state: ServeState) -> bool:
    """Whether the program that runs has to be started anew: connections would end."""
    if state.loaded is None:
        return False
    return any(_differs(name, served, state) for name in _RESTARTING) or state.loaded.program != served.program


def moves(served: Served, state: ServeState) -> bool:
    """Whether the listening socket is not that of the variables."""
    return _differs(SOCKET, served, state)


def _differs(name: str, served: Served, state: ServeState) -> bool:
    """Whether systemd has the unit otherwise than it is to be."""
    return name in state.unread or state.units.get(unit_path(name)) != served.units()[unit_path(name)]


def planned(served: Served, state: ServeState, mode: str) -> Plan:
    """The plan; *mode* is that of the disruption. Raises HostError."""
    if not state.python:
        raise HostError(f"builder_serve: its program needs {PYTHON}, which is not on this host: install python3")
    if state.holder:
        raise HostError(
            f"builder_serve: {served.listens} is taken by {state.holder}",
            remedy="Stop that, or set another builder_serve.port or address",
        )
    restart = restarts(served, state)
    held = restart and mode == "never" and state.connections > 0
    actions = [*_prepare(state), *_files(served, state)]
    if state.loaded is not None and state.loaded.files != digest(served.files()):  # also before a restart that waits
        actions.append(Action(f"reload {SERVICE}: connections of clients that are still allowed go on", Reload()))
    if not held:
        actions += _program(served, state)
        actions += _start(served, state, restart=restart, mode=mode)
    notes = [Note(Kind.WAITS, _held(state))] if held else []
    if state.elsewhere:
        words = f"{served.address} is not an address of this host now: nobody reaches the served builder until it is"
        notes.append(Note(Kind.LIMIT, words))
    return Plan(tuple(actions), tuple(notes), _facts(served, state))


def _prepare(state: ServeState) -> t.Iterator[Action]:
    if not state.user:
        yield Action(f"create user {USER}, which only runs {SERVICE}", CreateUser())
    if FOLDER not in state.fitting:
        yield Action(f"create {FOLDER}, for root and {USER} only", PrepareFolder())


def _files(served: Served, state: ServeState) -> t.Iterator[Action]:
    for path, text in served.files().items():
        before = state.files.get(path)
        if before != text:
            shown = messages.difference(path, before, text)
            yield Action(messages.summary(path, before, text), PlaceFile(path, text), difference=shown)
        elif path not in state.fitting:
            yield Action(f"correct owner and mode of {path}: for root and {USER} only", PlaceFile(path, text))


def _program(served: Served, state: ServeState) -> t.Iterator[Action]:
    if state.program != served.program:
        verb = "install" if state.program is None else "update"
        yield Action(
            f"{verb} {PROGRAM}, which lets clients with certificates use builder {served.builder}", InstallProgram()
        )
    for path, text in served.units().items():
        before = state.units.get(path)
        if before != text:
            yield Action(f"write {path}", WriteFile(path, text), difference=Difference(path, before or "", text))


def _start(served: Served, state: ServeState, *, restart: bool, mode: str) -> t.Iterator[Action]:
    if restart:
        ends = f", which ends {_connections(state)}" if state.connections and mode == "now" else ""
        when = ", once no client is connected" if mode == "wait" else ends
        yield Action(
            f"restart {SERVICE}, on {served.listens}{when}", Start(restarts=True, listens=moves(served, state))
        )
    elif not state.runs or state.loaded is None or _stale(served, state):
        listens = moves(served, state)
        yield Action(f"start {SERVICE}, now and at each boot, on {served.listens}", Start(listens=listens))


def _stale(served: Served, state: ServeState) -> bool:
    """Whether systemd has yet to read units that need no restart."""
    return bool(state.unread) or any(state.units.get(path) != text for path, text in served.units().items())


def _held(state: ServeState) -> str:
    return (
        f"{SERVICE} has to be restarted for a new version of it, which builder_disruption: never forbids while "
        f"there are {_connections(state)}"
    )


def _connections(state: ServeState) -> str:
    return f"{state.connections} connection{'' if state.connections == 1 else 's'} of clients"


def _facts(served: Served, state: ServeState) -> t.Dict[str, t.Any]:
    return {
        "builder": served.builder,
        "address": served.address,
        "port": served.port,
        "running": state.runs and state.loaded is not None,
        "error": (state.loaded.error or None) if state.loaded else None,
        "clients": [{"name": each.name, "fingerprint": each.fingerprint, "ends": each.ends} for each in served.allowed],
    }


_PROCESS = re.compile(r'\(\("([^"]*)",pid=(\d+)')
_ANY = ("0.0.0.0", "*", "[::]")


def holder_of(shown: str, served: Served, *, ours: bool) -> str:
    """Who listens where the program has to, by the output of ss(8), "" for nobody.

    *ours*: systemd may be it, for our own socket.
    """
    for line in shown.splitlines():
        fields = line.split()
        if len(fields) < 4:
            continue
        address, _colon, port = fields[3].rpartition(":")
        wanted = served.listens.rpartition(":")[0]
        if port != str(served.port) or (not {address.partition("%")[0], wanted} & {*_ANY} and address != wanted):
            continue
        found = _PROCESS.search(line)
        name, pid = found.groups() if found else ("another program", "")
        if not (ours and name == "systemd" and pid == "1"):
            return f"{name} (process {pid})" if pid else name
    return ""
