# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host shows about a failure: files, logs, output of commands. Never raises; changes nothing."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.causes.buildkit import is_symptom
from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import told
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import format_for
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import (
    CONTROL_FILES,
    REGISTRY,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import explanation, network, store
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.placement import Builder, machine_of
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.proof.remedy import CONTAINER_NETWORK

_LINES = 15  # of a log


def of_handler(platform: str) -> t.Tuple[str, ...]:
    """The kernel's handler of *platform*, the file that registers it at boot, and the log of systemd-binfmt."""
    name = format_for(platform).binary
    try:
        others = [each for each in look.names(REGISTRY) if each not in CONTROL_FILES]
    except OSError:
        others = []
    return (
        _file(f"{REGISTRY}/{name}") + f"\nhandlers there: {', '.join(others) or 'none'}",
        _file(f"/etc/binfmt.d/{name}.conf"),
        _output("journalctl", "--no-pager", "--lines=5", "--unit=systemd-binfmt"),
    )


def of_builder(builder: str, user: str) -> t.Tuple[str, ...]:
    """What buildx shows about a builder, and the logs of its containers on this host."""
    shows = [_output("docker", "buildx", "inspect", builder, user=user)]
    try:
        containers = [container_name(node) for node in _local_nodes(builder, user)]
    except HostError as exc:
        return (*shows, str(exc))
    return (*shows, *(_output("docker", "logs", "--tail=200", each) for each in containers))


def behind(cause: str, builder: str, user: str) -> t.Tuple[str, str]:
    """(the underlying reason for a *cause* of which a client sees only the effect, its remedy); empty if unknown."""
    if is_symptom(cause):
        return cause_in_logs(builder, user), ""
    found = cause_in_network(builder, user) if outcomes.outcome_of(cause, "") == outcomes.NO_ANSWER else ""
    return found, CONTAINER_NETWORK if found else ""


def cause_in_logs(builder: str, user: str) -> str:
    """Why a BuildKit of the builder on this host ended, from its log; empty if none did."""
    try:
        found = [explanation.of_container(node, "", user).cause for node in _local_nodes(builder, user)]
    except HostError:
        return ""
    return next(filter(None, found), "")


def cause_in_network(builder: str, user: str) -> str:
    """Why a container of the builder on this host cannot reach other hosts; empty if it can, or if unknown."""
    try:
        found = [network.fault_of(container_name(node), Docker()) for node in _local_nodes(builder, user)]
    except HostError:
        return ""
    return next(filter(None, found), "")


def machines(builder: str, user: str) -> Builder:
    """Those of a builder in the user's store; none if it cannot be read."""
    try:
        entry = store.entry(user, builder)
    except HostError:
        return []
    if not isinstance(entry, store.StoredBuilder):
        return []
    return [machine_of(entry.driver, each.endpoint, each.platforms) for each in entry.nodes]


def _local_nodes(builder: str, user: str) -> t.List[str]:
    """The builder's nodes that are containers on this host."""
    entry = store.entry(user, builder)
    if not isinstance(entry, store.StoredBuilder) or entry.driver != "docker-container":
        return []
    return [node.name for node in entry.nodes if "://" not in node.endpoint or node.endpoint.startswith("unix:")]


def _file(path: str) -> str:
    try:
        return f"{path}:\n{at(path).read_text(encoding='utf-8', errors='replace').strip()}"
    except FileNotFoundError:
        return f"{path}: not there"
    except OSError as exc:
        return f"{path}: {exc.strerror}"


def _output(*argv: str, user: t.Optional[str] = None) -> str:
    try:
        outcome = run(argv, user=user, timeout=30)
    except HostError as exc:
        return str(exc)
    title = f"`{' '.join(argv)}` exited with status {outcome.status}"
    return told(title, f"{outcome.stdout}\n{outcome.stderr}", 2 * _LINES) or title
