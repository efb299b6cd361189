# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of builders: the dockerd of each, what runs there, and why a user cannot reach one."""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import container, store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.container import Condition, Container
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import Stray
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import LOCAL, endpoint_of
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import (
    Work,
    builds_in,
    container_name,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node

_AT_ONCE = 6
# (output of ssh or docker, meaning, remedy); openssh-portable, sshconnect.c; docker/cli, cli/connhelper


def docker_of(endpoint: str, user: str, local: Docker) -> Docker:
    """The dockerd at a node's endpoint, as *user* reaches it."""
    return local if endpoint in ("", LOCAL) else _dialled(endpoint, user)


def _dialled(endpoint: str, user: str) -> Docker:
    from ansible_collections.multiarch.builders.plugins.module_utils.docker.dial_stdio import DialledDocker

    return DialledDocker(endpoint, user)


def container_of(node: Node, docker: Docker) -> t.Optional[Container]:
    """The container of a node, None if there is none. Raises HostError if its dockerd does not answer."""
    name = container_name(node.name)
    found = docker.find(f"/containers/{name}/json")
    if found is None:
        return None
    files = docker.files(name, "/etc/buildkit")
    named = {path.partition("/")[2]: content for path, content in files.items()}
    return container.parse(found, docker.get("/info"), named, listed=not _is_lost(found, name, docker))


def _is_lost(shown: container.Shown, name: str, docker: Docker) -> bool:
    return bool(shown["State"]["Running"]) and not docker.lists(name)


def condition_of(node: str, docker: Docker) -> t.Optional[Condition]:
    """The condition of the container of a node (its name), None if there is none."""
    name = container_name(node)
    found = docker.find(f"/containers/{name}/json")
    if found is None:
        return None
    now = str(docker.get("/info").get("SystemTime") or "") if container.restarts(found) else ""
    return container.condition(found, listed=not _is_lost(found, name, docker), now=now)


def revive(node: str, docker: Docker) -> None:
    """Unpause the container of a node, and connect it to its network."""
    found, name = condition_of(node, docker), container_name(node)
    if found is not None and found.paused:
        docker.unpause(name)
    if found is not None and found.unplugged:
        docker.connect(name, found.unplugged)


def remove_useless(node: Node, docker: Docker) -> None:
    """Remove the node's container if docker cannot start it, or it would not work; its cache, a volume, is kept."""
    found = condition_of(node.name, docker)
    if found is not None and (found.lost or found.stuck):
        remove_container(docker, node.name)


def strays(
    wanted: Instance, entries: t.Mapping[str, t.Union[store.StoredBuilder, str, None]], local: Docker
) -> t.Tuple[Stray, ...]:
    """The nodes in entries that are not specified, each once."""
    of_containers = wanted.driver == "docker-container"
    asked = {(node.name.lower(), endpoint_of(node.endpoint)) for node in wanted.nodes if of_containers}
    found: t.Dict[t.Tuple[str, str], Stray] = {}
    for user, entry in entries.items():
        for node in entry.nodes if isinstance(entry, store.StoredBuilder) else ():
            key = (node.name.lower(), endpoint_of(node.endpoint))
            if key not in asked and key not in found and entry_is_of_containers(entry):
                gone = docker_of(node.endpoint, user, local).silence()
                found[key] = Stray(node.name, node.endpoint, user, gone or "")
    return tuple(found.values())


def entry_is_of_containers(entry: t.Union[store.StoredBuilder, str, None]) -> bool:
    """Whether its nodes are containers of a dockerd."""
    return isinstance(entry, store.StoredBuilder) and entry.driver == "docker-container"


def silence(node: Node, user: str) -> t.Optional[str]:
    """Why *user* cannot reach the dockerd of a node, with the remedy; None if it answers."""
    words = _dialled(node.endpoint, user).silence()
    return None if words is None else in_words(node, user, words)


def silence_at_once(node: Node, user: str) -> t.Optional[str]:
    """The same, but then with as many concurrent connections as buildx opens: an sshd may drop some of them.

    A single one is tried first, as failed logins are penalized (sshd_config(5), PerSourcePenalties).
    """
    words = silence(node, user)
    if words is not None:
        return words
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda _number: silence(node, user), range(_AT_ONCE)))
    return next((words for words in found if words), None)


def in_words(node: Node, user: str, words: str) -> str:
    """The docker client's error about an unreachable node, with its meaning and the remedy."""
    parts = urllib.parse.urlsplit(node.endpoint)
    host, port = parts.hostname or node.endpoint, parts.port
    scan, known = (f"-p {port} {host}", f"[{host}]:{port}") if port else (host, host)
    from ansible_collections.multiarch.builders.plugins.module_utils.causes import ssh

    reason = ssh.reason(words)
    if reason is not None:
        remedy = reason.managed or reason.remedy if node.ssh else reason.remedy
        name = node.ssh.host if node.ssh else host
        told = f"{reason.meaning}: {remedy}".format(user=user, scan=scan, known=known, host=name)
        return f"node {node.name} at {node.endpoint}: {told}"
    return f"node {node.name} at {node.endpoint} does not answer {user}: {words}"


def work_in(node: str, docker: Docker) -> Work:
    """The build that runs in a node's container."""
    name = container_name(node)
    found = docker.find(f"/containers/{name}/json")
    if found is None or not found["State"]["Running"]:
        return Work((), ())
    return Work((name,) if builds_in(name, found, docker) else (), ())


def remove_container(docker: Docker, node: str) -> None:
    """Remove the container; the cache, a volume of its own, is kept."""
    name = container_name(node)
    if docker.find(f"/containers/{name}/json") is not None:
        docker.delete(f"/containers/{name}?force=1")
