# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a user that could start jobs, and what each keeps from them."""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import SOCKET
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import user_entry

BUILDER = "BUILDX_BUILDER"
# Variables that redirect docker and buildx (docker/cli, docker/buildx). Values are paths and addresses, no secrets.
VARIABLES = (
    *(BUILDER, "BUILDX_CONFIG", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_HOST", "BUILDKIT_HOST"),
    *("DOCKER_TLS", "DOCKER_TLS_VERIFY"),  # with any value, docker speaks TLS, by default to tcp://localhost:2376
)
HIDDEN, READ_ONLY = "hidden", "read-only"
_MANAGER = re.compile(r"user@\d+\.service")


@dataclass(frozen=True)
class Process:
    """A running process: its systemd *unit* ("" for none), its groups, and what may keep its jobs from the builder.

    *manager* is the user's own systemd if that started it, *environment* those of VARIABLES and HOME that lead
    elsewhere, *shut* is {path: HIDDEN or READ_ONLY} of what its unit's sandbox withholds. *reads* is the file that it
    has its jobs' variables from, "" for none, *behind* whether that has changed since.
    """

    name: str
    unit: str
    groups: t.FrozenSet[int]
    environment: t.Mapping[str, str]
    manager: str = ""
    shut: t.Mapping[str, str] = field(default_factory=dict)
    reads: str = ""
    behind: bool = False


def processes_of(user: str) -> t.Tuple[Process, ...]:
    """The processes of *user*, without the user's own systemd; of root's, which are too general, GitHub's runners."""
    entry = user_entry(user)
    folders = [each for each in look.processes() if entry.pw_uid != 0 or dot_env(look.link(f"{each}/exe") or "")]
    return tuple(filter(None, (_process(each, entry.pw_uid, entry.pw_dir) for each in folders)))


def _process(folder: str, uid: int, home: str) -> t.Optional[Process]:
    try:
        status, cgroup, raw = (look.text(f"{folder}/{name}") or "" for name in ("status", "cgroup", "environ"))
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        if int(fields["Uid"].split()[1]) != uid or fields["State"].split()[0] == "Z":
            return None
        unit, manager = unit_of(cgroup.strip().splitlines()[-1])
    except (KeyError, ValueError, IndexError):  # it has ended
        return None
    if _MANAGER.fullmatch(unit) or unit == "init.scope" or _is_in_a_container(folder):
        return None
    pairs = dict(pair.split("=", 1) for pair in raw.split("\0") if "=" in pair)
    groups = frozenset(map(int, [*fields["Groups"].split(), fields["Gid"].split()[1]]))
    reads = dot_env(look.link(f"{folder}/exe") or "")
    kept = elsewhere_in(pairs, home)
    behind = bool(reads) and _changed_since_start(folder, reads)
    return Process(fields["Name"].strip(), unit, groups, kept, manager, _shut(folder, home), reads, behind)


def _changed_since_start(folder: str, path: str) -> bool:
    process, changed = look.process(int(folder.rpartition("/")[2])), look.state(path)
    boot = re.search(r"^btime (\d+)$", look.text("/proc/stat") or "", re.MULTILINE)
    if process is None or changed is None or boot is None:
        return False
    start = int(boot.group(1)) + process.start / os.sysconf("SC_CLK_TCK")
    return changed.st_mtime > start + 1  # the kernel rounds the time of its boot


def elsewhere_in(variables: t.Mapping[str, str], home: str) -> t.Dict[str, str]:
    """Those of *variables* that lead docker or buildx elsewhere than to the builder of a user with this *home*."""
    return {name: variables[name] for name in (*VARIABLES, "HOME") if leads_elsewhere(name, variables.get(name), home)}


def dot_env(program: str) -> str:
    """The file that GitHub's runner sets its environment from, which /proc does not show; "" for others. Pure.

    actions/runner, Runner.Listener/Program.cs: `.env` beside the folder of its program, which an update replaces.
    """
    found = re.fullmatch(r"(/.*)/bin[^/]*/Runner\.Listener( \(deleted\))?", program)
    return f"{found.group(1)}/.env" if found else ""


def variables_in(text: str) -> t.Dict[str, str]:
    """The variables that lines `NAME=VALUE` set, of which the last one counts. Pure."""
    found = re.findall(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*?)[ \t\r]*$", text, re.MULTILINE)
    return {name: value[1:-1] if re.fullmatch(r"\"[^\"]*\"|'[^']*'", value) else value for name, value in found}


def unit_of(cgroup: str) -> t.Tuple[str, str]:
    """(the unit, the user's own systemd that started it) of a line of /proc/PID/cgroup, "" for none. Pure."""
    units = [part for part in cgroup.split("/") if part.endswith((".service", ".scope"))]
    manager = next(filter(_MANAGER.fullmatch, units[:-1]), "")
    return (units[-1] if units else "", manager)


def _is_in_a_container(folder: str) -> bool:
    """Whether its user id is somebody else's who happens to have that number there."""
    return look.link(f"{folder}/ns/pid") != look.link("/proc/self/ns/pid")


def leads_elsewhere(name: str, value: t.Optional[str], home: str) -> bool:
    """Whether the variable leads docker or buildx to other folders than those in *home*, or to another dockerd.

    Without HOME docker takes the home from the user database, and it ignores empty variables (docker/cli,
    cli/config/config.go).
    """
    usual = {"HOME": home, "DOCKER_CONFIG": f"{home}/.docker", "BUILDX_CONFIG": f"{home}/.docker/buildx"}
    usual["DOCKER_HOST"] = SOCKET
    if not value or (name, value) == ("DOCKER_CONTEXT", "default"):
        return False
    path = value[len("unix://") :] if name == "DOCKER_HOST" and value.startswith("unix://") else value
    if name not in usual or not path.startswith("/"):
        return True
    return look.real(path) != look.real(usual[name])


def _shut(folder: str, home: str) -> t.Dict[str, str]:
    """What of the user's store and Docker's socket the process does not see, or may not write to."""
    root, found = f"{folder}/root", {}
    try:
        for path in filter(look.exists, (f"{home}/.docker/buildx", SOCKET)):
            there = f"{root}{look.real(path)}"
            if not look.exists(there):
                found[path] = HIDDEN
            elif path != SOCKET and look.file_system(there).f_flag & os.ST_RDONLY:
                found[path] = READ_ONLY
        return found if look.is_folder(root) else {}  # one that has ended withholds nothing
    except OSError:
        return {}
