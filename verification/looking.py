# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How checks inspect a host, and how they fail: with evidence and remedy."""

from __future__ import annotations

import json
import shlex
import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes import docker_start, systemd
from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import told
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import format_for
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import (
    CONTROL_FILES,
    Handler,
    parse_handler,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name
from ansible_collections.multiarch.builders.plugins.module_utils.host import units
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import FileState, Rights, fault
from ansible_collections.multiarch.builders.plugins.module_utils.host.redact import shown
from ansible_collections.multiarch.builders.plugins.module_utils.proof.remedy import PROVISION as PLAYBOOK
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify import checks
from testinfra.backend.base import CommandResult
from testinfra.host import Host

PROVISION = f"Run {PLAYBOOK}"
REGISTRY = "/proc/sys/fs/binfmt_misc"
_LINES = 30  # of a command's output, as evidence


class CheckFailedError(Exception):
    """A check failed; *evidence* is output of the host, *remedy* what to do."""

    def __init__(self, message: str, *evidence: str, remedy: str) -> None:
        self.message, self.evidence, self.remedy = shown(message), [shown(each) for each in evidence], remedy
        super().__init__("\n\n".join((self.message, *self.evidence, f"What to do: {remedy}.")))


@dataclass(frozen=True)
class Asked:
    """The desired state of a host; see action_plugins/asked.py."""

    host: str
    direct: bool
    connection: dict[str, t.Any]
    concerns: list[str]
    engine: str
    platforms: list[str]
    elsewhere: list[str]
    users: list[str]
    instances: list[dict[str, t.Any]]
    authorities: dict[str, str]
    mirrors: list[str]
    ways: list[list[str]]
    logins: list[list[str]]
    daemon_options: dict[str, t.Any]
    guard: bool
    serve: list[str]
    pull: bool

    def instance(self, builder: str) -> dict[str, t.Any]:
        """The builder of that name."""
        return next(each for each in self.instances if each["name"] == builder)

    def containers(self, builder: str) -> list[str]:
        """The builder's containers on this host; none with another driver than docker-container."""
        asked = self.instance(builder)
        local = [node["name"] for node in asked["nodes"] if node["local"]]
        return [container_name(name) for name in local if asked["driver"] == "docker-container"]


def require(proof: Mapping[str, checks.Check], name: str, *, optional: bool = False) -> None:
    """Pass, fail or skip as verify-builders.yml did with the check *name*; an *optional* one may be missing."""
    found = proof.get(name)
    if found is None:
        kind = name.partition("[")[0]
        blockers = ("input", "verification", checks.REACHABLE, "trust" if kind == "login" else kind)
        failed = [proof[each] for each in blockers if each in proof and proof[each].outcome == checks.FAILED]
        if not failed and optional:
            pytest.skip("verify-builders.yml had nothing to check here")
        found = failed[0] if failed else checks.Check("", name, checks.FAILED, "verify-builders.yml did not check it")
    if found.outcome == checks.SKIPPED:
        pytest.skip(found.message)
    if found.outcome == checks.FAILED:
        remedy = found.remedy or "Run playbooks/verify-builders.yml by hand"
        raise CheckFailedError(found.message, *found.evidence, remedy=remedy)


def output(done: CommandResult) -> str:
    """A command and its output, as evidence."""
    title = f"`{done.command.decode()}` ended with {done.rc}"
    return told(title, f"{done.stdout}\n{done.stderr}", _LINES) or title


def as_user(host: Host, user: str, command: str) -> CommandResult:
    """Run a shell line as *user* with that user's home."""
    home = f"$(getent passwd {shlex.quote(user)} | cut -d: -f6)"
    return host.run(f'runuser -u {shlex.quote(user)} -- env "HOME={home}" sh -c {shlex.quote(command)}')


def journal(host: Host, unit: str) -> str:
    """The last lines of a unit's journal, as evidence."""
    return output(host.run(f"journalctl --no-pager --lines=10 --unit={unit}"))


def shown_units(
    host: Host, names: Sequence[str], properties: Sequence[str]
) -> tuple[CommandResult, list[dict[str, str]]]:
    """What systemd says of these units, and the same by property; {} for a unit of which it says nothing."""
    done = host.run(f"systemctl show --property={','.join(['Id', *properties])} {shlex.join(names)}")
    blocks = [dict(line.split("=", 1) for line in text.splitlines()) for text in done.stdout.strip().split("\n\n")]
    return done, [next((each for each in blocks if each.get("Id") == name), {}) for name in names]


def docker_info(host: Host) -> dict[str, t.Any]:
    """The settings that dockerd reports."""
    done = host.run("docker info --format '{{json .}}'")  # of Docker before 23.0, too
    try:
        found = json.loads(done.stdout)
        if not found.get("ServerErrors") and found.get("ServerVersion"):
            return dict(found)
    except ValueError:
        pass
    why = why_docker_is_down(host)
    raise CheckFailedError(
        f"dockerd does not answer: {why.cause}",
        output(done),
        *filter(None, (why.said,)),
        remedy=why.remedy or f"{PROVISION}; `systemctl status docker`",
    )


def why_docker_is_down(host: Host) -> docker_start.Why:
    """By docker's units, and the journal of its last start alone."""
    names = (docker_start.DOCKER, docker_start.SOCKET, docker_start.CONTAINERD)
    shown = host.run(f"systemctl show --property={','.join(systemd.PROPERTIES)} {' '.join(names)}").stdout
    found = systemd.units(shown)
    starts = [unit.invocation for unit in found.values() if unit.invocation and unit.active != "active"]
    fields = " + ".join(f"{name}={each}" for each in starts for name in ("INVOCATION_ID", "_SYSTEMD_INVOCATION_ID"))
    lines = host.run(f"journalctl --no-pager --output=json {fields}").stdout if starts else ""
    paths = found[docker_start.DOCKER].files if docker_start.DOCKER in found else ()
    files = {path: host.run(f"cat {shlex.quote(path)}").stdout for path in paths}
    return docker_start.why(docker_start.Start("", found, systemd.entries(lines), files))


def handlers(host: Host, platform: str) -> list[Handler]:
    """The kernel's handlers that take programs of *platform*."""
    texts: dict[str, list[str]] = {}
    for line in host.run(f"grep --no-messages '' {REGISTRY}/* | grep -v /register:").stdout.splitlines():
        path, _colon, text = line.partition(":")
        texts.setdefault(path.rpartition("/")[2], []).append(text)
    found = [parse_handler(name, "\n".join(text)) for name, text in texts.items() if name not in CONTROL_FILES]
    return [each for each in found if each.serves(format_for(platform))]


def units_of(host: Host) -> units.Units:
    """systemd's units, as the plan reads them."""
    return units.parse(host.run(shlex.join(units.QUESTION)).stdout)


def files_of(host: Host, paths: Iterable[str]) -> dict[str, FileState]:
    """Those of *paths* that exist, by stat(2)."""
    listed = shlex.join(paths)
    found = {}
    for line in host.run(f"stat --dereference --format '%a %u %g %s %.9Y %n' {listed}").stdout.splitlines():
        mode, uid, gid, size, modified, path = line.split(" ", 5)
        seconds, _dot, fraction = modified.partition(".")
        found[path] = FileState(int(mode, 8), int(uid), int(gid), int(size), int(seconds) * 10**9 + int(fraction))
    return found


def wrong_rights(host: Host, wanted: Sequence[Rights]) -> list[str]:
    """What differs from *wanted*, as in the plan."""
    found = files_of(host, [each.path for each in wanted])
    return [words for each in wanted if (words := fault(found.get(each.path), each))]


def listed(values: Sequence[str]) -> str:
    """Values as one text."""
    return ", ".join(values) or "none"
