# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user's CI job would build with: only HOME set, and what the runner's own processes pass on.

A process keeps the groups and environment that it was started with. So a runner started before the host was onboarded
has no access to Docker, and one with DOCKER_CONFIG in its environment does not see the user's builder.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.docker import buildx_inspect
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import SOCKET
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import group_name, user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

# Variables that redirect docker and buildx (docker/cli, docker/buildx). Values are paths and addresses, no secrets.
VARIABLES = ("BUILDX_BUILDER", "BUILDX_CONFIG", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_HOST", "BUILDKIT_HOST")
_UNIT = re.compile(r"([^/]+\.(?:service|scope))$")
_NO_RUNNER = re.compile(r"^user@\d+\.service$|^init\.scope$")  # the user's own systemd


@dataclass(frozen=True)
class Process:
    """A running process of the user: its systemd *unit* ("" for none), its groups, and VARIABLES and HOME."""

    name: str
    unit: str
    groups: t.FrozenSet[int]
    environment: t.Mapping[str, str]


@dataclass(frozen=True)
class Job:
    """What a job of *user* gets: the builder, and how many processes of the user were checked."""

    user: str
    builder: str
    processes: int


def prove_job(user: str, builder: str) -> Job:
    """Raise HostError unless jobs of *user* use *builder* without naming it."""
    entry = user_entry(user)
    found = processes_of(entry.pw_uid)
    problems = [*_current(user, builder), *hindrances(found, user, entry.pw_dir, builder, _needed(user))]
    if problems:
        raise HostError("; ".join(problems))
    return Job(user, builder, len(found))


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
        restart = f"systemctl restart {each.unit}" if each.unit.endswith(".service") else "stop it, and start it again"
        if needed and needed[0] not in each.groups:
            words[f"{where} was started before {user} joined the group {needed[1]}: {restart}"] = None
        for name, value in sorted(each.environment.items()):
            if name == "HOME" and value != home:
                words[f"{where} has HOME={value}, but the builder is in {home}/.docker: fix it, and restart"] = None
            elif name != "HOME" and value != (builder if name == "BUILDX_BUILDER" else ""):
                words[f"{where} has {name}={value}, so its jobs do not see the builder: remove it"] = None
    return list(words)


def processes_of(uid: int) -> t.Tuple[Process, ...]:
    """The user's processes that could start jobs; root's are too general, so root has none."""
    found = (_process(each, uid) for each in look.processes() if uid != 0)
    return tuple(each for each in found if each is not None and not _NO_RUNNER.match(each.unit))


def _process(folder: str, uid: int) -> t.Optional[Process]:
    try:
        status, cgroup, raw = (look.text(f"{folder}/{name}") or "" for name in ("status", "cgroup", "environ"))
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        if int(fields["Uid"].split()[1]) != uid or fields["State"].split()[0] == "Z":
            return None
        unit = _UNIT.search(cgroup.strip().splitlines()[-1])
    except (KeyError, ValueError, IndexError):  # it has ended
        return None
    pairs = dict(pair.split("=", 1) for pair in raw.split("\0") if "=" in pair)
    groups = frozenset(map(int, [*fields["Groups"].split(), fields["Gid"].split()[1]]))
    kept = {name: pairs[name] for name in (*VARIABLES, "HOME") if name in pairs}
    return Process(fields["Name"].strip(), unit.group(1) if unit else "", groups, kept)
