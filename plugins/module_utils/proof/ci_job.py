# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user's CI job would build with: only HOME set, and what the runner's own processes pass on.

A process keeps the groups and environment that it was started with. So a runner started before the host was onboarded
has no access to Docker, and one with DOCKER_CONFIG in its environment does not see the user's builder. Neither does one
whose unit hides the user's home, by systemd's sandbox. Files whose lines become the environment of jobs count as well.
"""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.docker import buildx_inspect
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import SOCKET
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.host.path_owner import owner_on_the_way
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import (
    UserEntry,
    group_name,
    user_entry,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.proof.ci_processes import (
    BUILDER,
    HIDDEN,
    READ_ONLY,
    Process,
    elsewhere_in,
    processes_of,
    variables_in,
)

_SHUT = {
    HIDDEN: "does not see {path}: remove what hides it from its unit (ProtectHome=, InaccessiblePaths= and the like)",
    READ_ONLY: "may not write to {path}, as buildx does: add ReadWritePaths={home}/.docker to its unit",
}


@dataclass(frozen=True)
class Job:
    """What a job of *user* gets: the builder, and how many processes of the user were checked."""

    user: str
    builder: str
    processes: int


def prove_job(user: str, builder: str, file: str = "") -> Job:
    """Raise HostError unless jobs of *user* use *builder* without naming it; *file* is `builder_environment_file`."""
    entry = user_entry(user)
    found = processes_of(user)
    problems = [*_current(user, builder), *hindrances(found, user, entry.pw_dir, builder, _needed(user))]
    problems += in_files(found, entry, builder, file)
    if problems:
        raise HostError("; ".join(problems))
    return Job(user, builder, len(found))


def in_files(found: t.Sequence[Process], entry: UserEntry, builder: str, file: str) -> t.List[str]:
    """What is wrong with files that jobs have their environment from, and who has not read them yet."""
    words = []
    common = [file] if entry.pw_uid != 0 else []  # root's jobs are mostly in containers
    for path in dict.fromkeys(filter(None, [*common, *(each.reads for each in found)])):
        variables = variables_in(_text_for(entry, path))
        where = f"{path}, from which jobs of {entry.pw_name} have their environment,"
        words += [f"{where} {led}" for led in _led_by(elsewhere_in(variables, entry.pw_dir), entry.pw_dir, builder)]
        behind = [each for each in found if each.behind and each.reads == path and BUILDER in variables]
        words += [
            f"{each.unit or each.name} of {entry.pw_name} was started before {path} was changed: restart it"
            for each in behind
        ]
    return words


def _text_for(entry: UserEntry, path: str) -> str:
    """The text of a file of variables, "" if it belongs to another user, or if its user leads it to one's."""
    found = look.state(path)
    if found is None or found.st_uid not in (0, entry.pw_uid):
        return ""
    with contextlib.suppress(HostError):  # what a user may not read is no environment of the user's jobs
        return read(path, owner_on_the_way(path), errors="replace") or ""
    return ""


def _current(user: str, builder: str) -> t.List[str]:
    """What is wrong with the builder that buildx selects by default."""
    shown = run(["docker", "buildx", "inspect"], user=user)
    name = buildx_inspect.parse(shown.stdout).name
    if not name:
        return [f"buildx selects no builder for {user}: {shown.cause}"]
    if name != builder:
        return [f"jobs of {user} build with {name}, not with {builder}: docker buildx use --global {builder}"]
    return []


def _needed(user: str) -> t.Optional[t.Tuple[int, str]]:
    """The group that gives *user* access to Docker's socket (number, name); None for root, or if none is needed."""
    entry = user_entry(user)
    socket = look.state(SOCKET)
    if socket is None or entry.pw_uid == 0 or socket.st_gid not in here().users.groups(entry):
        return None
    name = group_name(socket.st_gid)
    return None if name is None else (socket.st_gid, name)


def hindrances(
    found: t.Sequence[Process], user: str, home: str, builder: str, needed: t.Optional[t.Tuple[int, str]]
) -> t.List[str]:
    """What keeps jobs of these processes from using the builder, a line for each unit and reason. Pure."""
    words: t.Dict[str, None] = {}
    for each in found:
        where = f"{each.unit or each.name} of {user}"
        if needed and needed[0] not in each.groups:
            words[f"{where} was started before {user} joined the group {needed[1]}: {_start_again(each)}"] = None
        words.update((f"{where} {led}", None) for led in _led_by(each.environment, home, builder))
        for path, how in sorted(each.shut.items()):
            words[f"{where} {_SHUT[how].format(path=path, home=home)}, and restart"] = None
    return list(words)


def _led_by(variables: t.Mapping[str, str], home: str, builder: str) -> t.List[str]:
    """What is wrong with *variables* that lead elsewhere, except to *builder* itself. Pure."""
    words = []
    for name, value in sorted(variables.items()):
        if name == "HOME":
            words.append(f"has HOME={value}, but the builder is in {home}/.docker: fix it, and restart")
        elif name != BUILDER or value != builder:
            words.append(f"has {name}={value}, so its jobs do not see the builder: remove it, and restart")
    return words


def _start_again(found: Process) -> str:
    """What gives it the groups of today. What the user's own systemd starts has the groups of that. Pure."""
    if not found.unit.endswith(".service"):
        return "stop it, and start it again"
    return f"systemctl restart {found.manager or found.unit}"
