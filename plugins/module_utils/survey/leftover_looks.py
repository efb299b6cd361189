# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at what jobs may have left on a host: containers and volumes of builders, users' stores, dangling images."""

from __future__ import annotations

import contextlib
import datetime
import json
import time
import typing as t
import urllib.parse
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import LOCAL, endpoint_of
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD as BUILDERS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.store import has_containerd_store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import RECORD as SETTINGS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import Settings, Sweep
from ansible_collections.multiarch.builders.plugins.module_utils.docker import buildx_stores
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.process import daemon_pid
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import (
    BUILDER_PREFIX,
    builds_in_daemon,
    has_client,
    lists_build,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import acting_as
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.survey import machine
from ansible_collections.multiarch.builders.plugins.module_utils.survey.leftovers import (
    BUSY_STATES,
    Disk,
    Entry,
    Found,
    Image,
    Node,
    Outcome,
    decided,
    utc,
)

_SUFFIX = "_state"  # docker/buildx, driver/docker-container/driver.go
# moby/buildkit, cmd/buildkitd/main.go and worker/runc/runc.go: written by each build, and not when old history is
# removed, as history.db is.
_CACHE, _METADATA = "cache.db", "*/metadata_v2.db"
Row = t.Mapping[str, t.Any]


def observe(docker: Docker, settings: Settings, images: t.Optional[t.Mapping[str, int]] = None) -> Found:
    """All but what runs in the nodes. Raises HostError if dockerd does not answer.

    *images* says when each dangling image was seen first; without it there is no look at images.
    """
    now, info, rows = int(time.time()), docker.get("/info"), docker.get("/containers/json?all=1")
    entries, unread = _entries(settings.stores)
    root = settings.disks.get("docker") or str(info.get("DockerRootDir", ""))
    other = settings.disks.get("containerd") if has_containerd_store(info) else None
    free = disk(root)
    known = BUILDERS.read().builders
    ours = {*known, *(own.name for own in known.values()), *settings.nodes}
    ours |= {node.name for own in known.values() for node in own.nodes}
    return Found(
        now=now,
        nodes=_nodes(rows, docker),
        entries=entries,
        images=() if images is None else tuple(_images(docker, rows, images, now)),
        ours=frozenset(name.lower() for name in ours if name),
        unread=unread,
        disk=free,
        image_disk=disk(other) if other and not machine.is_same_disk(root, other) else free,
        building=images is not None and builds_in_daemon(daemon_pid()),
    )


def disk(path: str) -> t.Optional[Disk]:
    """The file system at *path*, None if there is none."""
    found = machine.disk_of(path)
    return Disk(**found) if found else None


def _nodes(rows: t.Sequence[Row], docker: Docker) -> t.Dict[str, Node]:
    """The nodes of which a container or a volume is here, by name."""
    query = urllib.parse.quote(json.dumps({"name": [BUILDER_PREFIX]}))
    volumes = {each["Name"]: each for each in docker.get(f"/volumes?filters={query}").get("Volumes") or ()}
    users = _users(rows)
    found: t.Dict[str, Node] = {}
    for row in rows:
        name = _name(row)
        mounts = [each for each in row.get("Mounts") or () if each.get("Name") == f"{name}{_SUFFIX}"]
        if name.startswith(BUILDER_PREFIX) and mounts:  # else it is no builder's, whatever it is called
            used = max(int(row.get("Created") or 0), _written(str(mounts[0].get("Source") or "")))
            others = tuple(each for each in users[f"{name}{_SUFFIX}"] if each != name)
            node = Node(_short(name), row["Id"], str(row.get("State")), f"{name}{_SUFFIX}", used, others)
            found[node.name] = node
    for name, volume in volumes.items():
        if name.startswith(BUILDER_PREFIX) and name.endswith(_SUFFIX):
            used = max(_seconds(str(volume.get("CreatedAt"))), _written(str(volume.get("Mountpoint") or "")))
            node = Node(_short(name[: -len(_SUFFIX)]), volume=name, used=used, others=tuple(users.get(name, ())))
            found.setdefault(node.name, node)
    return found


def _name(row: Row) -> str:
    return str((row.get("Names") or [""])[0]).lstrip("/")


def _short(container: str) -> str:
    return container[len(BUILDER_PREFIX) :].lower()


def _users(rows: t.Sequence[Row]) -> t.Dict[str, t.List[str]]:
    """The containers that use each volume."""
    found: t.Dict[str, t.List[str]] = {}
    for row in rows:
        for mount in row.get("Mounts") or ():
            found.setdefault(str(mount.get("Name")), []).append(_name(row))
    return found


def _written(folder: str) -> int:
    """When BuildKit last wrote what each build writes; of another layout, when anything came or went at its top."""
    if not folder:
        return 0
    times = _times((f"{folder}/{_CACHE}", *look.matching(folder, _METADATA)))
    with contextlib.suppress(OSError):
        times = times or _times((folder, *(f"{folder}/{name}" for name in look.names(folder))))
    return max(times, default=0)


def _times(paths: t.Iterable[str]) -> t.List[int]:
    return [int(each.st_mtime) for each in map(look.state, paths) if each]


def _seconds(moment: str) -> int:
    """A time of dockerd's in seconds since 1970; that of now if it is invalid, as then its age is unknown."""
    try:
        return int(datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp())
    except ValueError:
        return int(time.time())


def _entries(writable: t.Collection[str]) -> t.Tuple[t.Tuple[Entry, ...], t.Tuple[str, ...]]:
    """All entries of all users, and the users whose store cannot be read."""
    stores = buildx_stores.found()
    found: t.List[Entry] = []
    unread = list(stores.unread)
    for user, folder in sorted(stores.folders.items()):
        try:
            with acting_as(owner_of(user)):
                names = [name for name in look.names(f"{folder}/instances") if not name.startswith(".")]
        except OSError:
            unread.append(user)
        else:
            found += (_entry(user, name, folder in writable) for name in names)
    return tuple(found), tuple(unread)


def _entry(user: str, name: str, writable: bool) -> Entry:
    used = last_change(user, name)
    try:
        entry = store.entry(user, name)
    except HostError:
        entry = None
    if not isinstance(entry, store.StoredBuilder):
        return Entry(user, name.lower(), None, used, writable=writable)
    others = tuple(filter(None, (_container_at(each.endpoint) for each in entry.nodes)))
    here_only = entry.driver == "docker-container" and all(endpoint_of(each.endpoint) == LOCAL for each in entry.nodes)
    nodes = tuple(each.name.lower() for each in entry.nodes)
    return Entry(user, name.lower(), nodes, used, here_only, writable, others)


def _container_at(endpoint: str) -> str:
    """The node whose container an *endpoint* names, "" for none (moby/buildkit, client/connhelper/dockercontainer)."""
    scheme, _colon, rest = endpoint.partition("://")
    name = rest.partition("?")[0].strip("/")
    return _short(name) if scheme == "docker-container" and name.startswith(BUILDER_PREFIX) else ""


def last_change(user: str, name: str) -> int:
    """When a builder was last used or changed by *user*: buildx writes its activity with each build (store.go)."""
    folder = store.folder(user)
    with acting_as(owner_of(user)):
        return max(_times(f"{folder}/{kind}/{name.lower()}" for kind in ("instances", "activity")), default=0)


def _images(docker: Docker, rows: t.Sequence[Row], since: t.Mapping[str, int], now: int) -> t.Iterator[Image]:
    """Images without any reference. dockerd calls those dangling, too, that were pulled by digest."""
    query = urllib.parse.quote(json.dumps({"dangling": ["true"]}))
    for row in docker.get(f"/images/json?filters={query}"):
        references = [*(row.get("RepoTags") or ()), *(row.get("RepoDigests") or ())]
        if all(each.startswith("<none>") for each in references):
            users = tuple(_name(each) for each in rows if each.get("ImageID") == row["Id"])
            yield Image(row["Id"], since.get(row["Id"], now), users)


def work_in(node: Node, docker: Docker) -> str:
    """What keeps a node from being removed, as text; "" for nothing."""
    try:
        shown = docker.find(f"/containers/{node.container}/json") if node.container else None
        if shown is None:
            return ""
        if has_client(shown, docker):
            return "a client is connected to it"
        state = shown.get("State") or {}
        builds = state.get("Running") and not state.get("Paused") and lists_build(node.container, docker)
    except HostError as exc:
        return f"it cannot be looked into: {exc}"
    return "a build is running in it" if builds else ""


def closely(found: Found, rules: Sweep, docker: Docker, only: t.Optional[str] = None) -> Found:
    """*found* with what runs in the builders that would be removed, or in the one with the key *only*."""
    wanted = [each for each in decided(found, rules) if each.outcome is Outcome.LOOK and only in (None, each.key)]
    nodes = [node for each in wanted for node in each.nodes if node.state in BUSY_STATES]
    return replace(found, work={**found.work, **{node.name: work_in(node, docker) for node in nodes}})


def unmanaged(docker: Docker) -> t.List[t.Dict[str, t.Any]]:
    """A row for each builder that is not managed, for the report; none if the guard of this host sweeps nothing."""
    try:
        settings = SETTINGS.read()
        if settings.sweep is None or not docker.answers():
            return []
        found = closely(observe(docker, settings), settings.sweep, docker)
    except HostError:  # the plans say what is wrong
        return []
    return [
        {
            "name": each.name,
            "users": sorted({entry.user for entry in each.entries}),
            "used": utc(each.used),
            "goes": each.outcome is Outcome.GOES,
            "why": each.why,
        }
        for each in decided(found, settings.sweep)
        if not each.managed
    ]
