# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The builders' containers on this host: their state, and what BuildKit's history and cache in them hold."""

from __future__ import annotations

import json
import typing as t
from dataclasses import asdict, dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name, has_client
from ansible_collections.multiarch.builders.plugins.module_utils.host import files, look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.model import human_size
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile

STATES = ("running", "paused", "restarting", "stopped", "missing", "unknown")
_STATES = {**{each: each for each in STATES}, **dict.fromkeys(("created", "exited", "dead", "removing"), "stopped")}
KEPT = "/run/multiarch-builders-guard/history.json"
_ROOT = "/var/lib/buildkit"
# moby/buildkit, cmd/buildkitd/main.go, worker/runc/runc.go: of builds, and of the cache, which is pruned without one
_WRITTEN = ("history.db", "cache.db", "*/metadata_v2.db")
_TIMEOUT = 30


@dataclass(frozen=True)
class History:
    """What BuildKit remembers of builds, and bytes of cache, None if unknown; *stamp* tells whether it has changed."""

    stamp: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    steps: int = 0
    cached: int = 0
    cache: t.Optional[int] = None


@dataclass(frozen=True)
class Node:
    """A node of a builder on this host."""

    builder: str
    name: str
    state: str
    history: t.Optional[History] = None


def nodes(docker: Docker) -> t.List[Node]:
    """All nodes on this host of managed builders. A look at BuildKit is repeated only when it has built."""
    known = _kept()
    names = [(own.name or key, node.name) for key, own in RECORD.read().builders.items() for node in own.nodes]
    local = {node.name for own in RECORD.read().builders.values() for node in own.nodes if not node.endpoint}
    answers = docker.answers()
    found = [
        _node(builder, name, docker, known) if answers else Node(builder, name, "unknown")
        for builder, name in names
        if name in local
    ]
    kept = {each.name: asdict(each.history) for each in found if each.history}
    files.write(WriteFile(KEPT, json.dumps(kept), mode=0o600))
    return found


def _kept() -> t.Dict[str, History]:
    try:
        return {name: History(**row) for name, row in json.loads(look.text(KEPT) or "{}").items()}
    except (ValueError, TypeError, AttributeError):  # of another version
        return {}


def _node(builder: str, name: str, docker: Docker, known: t.Mapping[str, History]) -> Node:
    container = container_name(name)
    shown = docker.find(f"/containers/{container}/json")
    if shown is None:
        return Node(builder, name, "missing")
    state = _STATES.get(shown.get("State", {}).get("Status", ""), "unknown")
    return Node(
        builder, name, state, _history(container, shown, docker, known.get(name)) if state == "running" else None
    )


def _history(
    container: str, shown: t.Mapping[str, t.Any], docker: Docker, known: t.Optional[History]
) -> t.Optional[History]:
    """BuildKit writes its history when a build ends; only while a client is connected, one can be running.

    None if BuildKit does not tell.
    """
    stamp = _stamp(shown)
    if known is not None and stamp and stamp == known.stamp and not known.running and not has_client(shown, docker):
        return known
    try:
        asked = ["debug", "histories", "--format", "{{json .}}"]
        listed, usage = (
            run([*docker.argv, "exec", container, "buildctl", *words], user=docker.user, timeout=_TIMEOUT)
            for words in (asked, ["du"])
        )
    except HostError:
        return None
    cache = human_size.total_in(usage.stdout)
    return counted(listed.stdout, stamp if cache is not None else 0, cache) if listed.status == 0 else None


def _stamp(shown: t.Mapping[str, t.Any]) -> int:
    """Changes when its history or cache is written, 0 if unknown."""
    sources = [each.get("Source") for each in shown.get("Mounts") or () if each.get("Destination") == _ROOT]
    paths = [path for name in _WRITTEN for path in look.matching(sources[0], name)] if any(sources) else []
    return sum(found.st_mtime_ns for found in map(look.state, paths) if found)


def counted(histories: str, stamp: int, cache: t.Optional[int]) -> History:
    """The output of `buildctl debug histories --format '{{json .}}'` in numbers. Pure.

    A record of one type per line: 0 or STARTED, 1 or COMPLETE; 2, DELETED, is not counted (moby/buildkit,
    api/services/control/control.proto, BuildHistoryEvent).
    """
    counts = dict.fromkeys(("running", "succeeded", "failed", "steps", "cached"), 0)
    for line in histories.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        kind, record = (event.get("type", 0), event.get("record") or {}) if isinstance(event, dict) else (2, {})
        if kind in (0, "STARTED"):
            counts["running"] += 1
        elif kind in (1, "COMPLETE"):
            counts["failed" if record.get("error") else "succeeded"] += 1
            counts["steps"] += int(record.get("numCompletedSteps") or 0)
            counts["cached"] += int(record.get("numCachedSteps") or 0)
    return History(stamp, cache=cache, **counts)
