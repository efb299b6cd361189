# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders that users made, with certificates of ours in them: a rotation replaces these where they are.

A file is one of ours if it has the name and a content that builders got from here: nothing else is touched. Containers
of this host's Docker are found whatever store they are in; the users' own stores are changed, too, as a container that
is created again gets its files from there.
"""

from __future__ import annotations

import base64
import contextlib
import json
import typing as t
import urllib.parse
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import certificates, store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import digest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.inherit import remember
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import BUILDER_PREFIX
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read, write
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Inherited
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Effect, Kind, Note
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile

Files = t.Mapping[str, bytes]
"""{name as in the store, "certs/REGISTRY/FILE": content}."""


@dataclass(frozen=True)
class Renewal:
    """The *content* of a certificate or key, and the SHA-256 of what builders got in its place, *former* ones."""

    content: str
    former: t.FrozenSet[str]


Renewals = t.Mapping[str, Renewal]
"""By "REGISTRY/FILE"."""


@dataclass(frozen=True)
class JobBuilders:
    """*containers* and *entries* (user, name) of builders with former certificates, which are named.

    *current* are the containers whose certificates are all as they should be, *others* those without any of ours.
    """

    containers: t.Mapping[str, t.Tuple[str, ...]] = field(default_factory=dict)
    entries: t.Mapping[t.Tuple[str, str], t.Tuple[str, ...]] = field(default_factory=dict)
    current: t.Tuple[str, ...] = ()
    others: t.Tuple[str, ...] = ()


@dataclass(frozen=True)
class RenewCertificates:
    """The step that replaces former certificates in *containers* and in *entries*."""

    containers: t.Tuple[str, ...]
    entries: t.Tuple[t.Tuple[str, str], ...]
    renewals: Renewals


def renewals_of(wanted: Inherited, known: t.Mapping[str, t.Sequence[str]]) -> t.Dict[str, Renewal]:
    """What replaces what: the *known* digests are those of the record. Pure."""
    return {name: Renewal(pem, frozenset(known.get(name, ()))) for name, pem in wanted.certificates.items()}


def stale(files: Files, renewals: Renewals) -> t.Dict[str, str]:
    """{"REGISTRY/FILE": new content} of those that are former ones. Pure."""
    return {
        name: each.content
        for name, each in renewals.items()
        for present in [files.get(store.CERTIFICATES + name)]
        if present is not None and present != each.content.encode() and digest(present) in each.former
    }


def has_ours(files: Files, renewals: Renewals) -> bool:
    """Whether any of its certificates came from here. Pure."""
    found = ((files.get(store.CERTIFICATES + name), each) for name, each in renewals.items())
    return any(
        content is not None and (content == each.content.encode() or digest(content) in each.former)
        for content, each in found
    )


def observe(
    wanted: Inherited, managed: t.Collection[str], containers: t.Collection[str], docker: t.Optional[Docker]
) -> JobBuilders:
    """The builders that users made; *managed* are the names of ours in lower case, *containers* theirs.

    Without *docker* none of the containers is known.
    """
    renewals = renewals_of(wanted, RECORD.read().inherited)
    if not renewals:
        return JobBuilders()
    found: t.Dict[str, t.Tuple[str, ...]] = {}
    current: t.List[str] = []
    others: t.List[str] = []
    for name in _containers(docker, containers) if docker is not None else ():
        files = _files_in(docker, name) if docker is not None else {}
        former = stale(files, renewals)
        if former:
            found[name] = tuple(sorted(former))
        else:
            (current if has_ours(files, renewals) else others).append(name)
    return JobBuilders(found, _entries(wanted, managed, renewals), tuple(current), tuple(others))


def _containers(docker: Docker, managed: t.Collection[str]) -> t.List[str]:
    query = urllib.parse.urlencode({"all": 1, "filters": json.dumps({"name": [f"^/{BUILDER_PREFIX}"]})})
    names = (row["Names"][0].lstrip("/") for row in docker.get(f"/containers/json?{query}"))
    return sorted(name for name in names if name.startswith(BUILDER_PREFIX) and name not in managed)


def _files_in(docker: Docker, container: str) -> Files:
    """Those of its /etc/buildkit, none if it goes away meanwhile."""
    with contextlib.suppress(HostError):
        found = docker.files(container, "/etc/buildkit")
        return {path.partition("/")[2]: content for path, content in found.items()}
    return {}


def _entries(
    wanted: Inherited, managed: t.Collection[str], renewals: Renewals
) -> t.Dict[t.Tuple[str, str], t.Tuple[str, ...]]:
    found = {}
    for user in wanted.users:
        for name, entry in store.entries(user, managed).items():
            former = {each for node in entry.nodes for each in stale(node.files, renewals)}
            if former:
                found[user, name] = tuple(sorted(former))
    return found


def actions_for(found: JobBuilders, renewals: Renewals) -> t.List[Action]:
    """The action that replaces certificates. Pure."""
    told = [f"{name} ({', '.join(files)})" for name, files in found.containers.items()]
    told += [f"{name} in the store of {user} ({', '.join(files)})" for (user, name), files in found.entries.items()]
    if not told:
        return []
    summary = f"replace certificates of builders that users made in place (builds are unaffected): {'; '.join(told)}"
    step = RenewCertificates(tuple(found.containers), tuple(found.entries), renewals)
    return [Action(summary, step, frozenset({Effect.BUILDER_TRUST_CHANGES}))]


def notes(found: JobBuilders) -> t.List[Note]:
    """Whom a change of certificates does not reach. Pure."""
    return [
        Note(
            Kind.LIMIT,
            f"{name} gets no certificates, as it has none from here: its builder was created before, or with its own"
            " --config. Create it again",
        )
        for name in found.others
    ]


def renew(step: RenewCertificates, docker: Docker) -> None:
    """Replace what is still a former certificate: jobs may end meanwhile, and their builders with them."""
    remember({name: each.content for name, each in step.renewals.items()})
    for name in step.containers:
        try:
            former = stale(_files_in(docker, name), step.renewals)
            if former:
                certificates.replace_in_container(docker, name, former)
        except HostError:
            if docker.find(f"/containers/{name}/json") is not None:
                raise
    for user, name in step.entries:
        path, owner = store.entry_path(user, name), owner_of(user)
        text = read(path, owner)
        if text is not None:
            write(WriteFile(path, renewed(text, step.renewals), mode=0o600, owner=owner))


def renewed(text: str, renewals: Renewals) -> str:
    """The entry *text* with new certificates for former ones. Pure; raises ValueError for what is not an entry."""
    found = json.loads(text)
    for node in found["Nodes"]:
        files = {name: base64.b64decode(data) for name, data in (node.get("Files") or {}).items()}
        for name, content in stale(files, renewals).items():
            node["Files"][store.CERTIFICATES + name] = base64.b64encode(content.encode()).decode()
    return json.dumps(found)
