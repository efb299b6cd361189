# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired content of daemon.json, and how dockerd applies it. Pure."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.data_roots import Site
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hiding import (
    CONTAINERS,
    Hiding,
    Running,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.mirrors import for_daemon_json
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.ours import Keys, Original
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.reload import needs_restart
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.store import (
    STORE_FEATURE,
    has_containerd_store,
    knows_containerd_store,
    wants_containerd_store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.tokens import NO_TOKENS, Tokens
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.vanishing import Vanishing
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import Containerd
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import Rights
from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import (
    DefaultNetwork,
    of_document,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import Document
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Effect, Effects
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import changes

NO_PROXY = Proxy()
_OF_THE_FILE = frozenset({Effect.CONFIGURATION_CHANGES, Effect.CONFIGURATION_RELOADS})


@dataclass(frozen=True)
class Seen:
    """The paths of hosts.toml files: their *texts*, which are *ours*, and which have the wrong owner or mode.

    *folders* are those that exist and that dockerd prefers to those of registries.
    """

    texts: t.Mapping[str, t.Optional[str]] = field(default_factory=dict)
    ours: t.FrozenSet[str] = frozenset()
    loose: t.FrozenSet[str] = frozenset()
    folders: t.FrozenSet[str] = frozenset()


@dataclass(frozen=True)
class FilesState:
    """hosts.toml: files to write, managed files that are no longer wanted, and paths of foreign files.

    *reasons* are {path: why it is not wanted}, *seen* are the observations behind all of this. Of the managed files,
    *changed* were modified since we wrote them, and *former* replaced foreign ones. *shadows* are {registry: the
    foreign file or folder that dockerd reads in place of its certificates}.
    """

    write: t.Tuple[WriteFile, ...] = ()
    remove: t.Tuple[RemoveFile, ...] = ()
    theirs: t.Tuple[str, ...] = ()
    reasons: t.Mapping[str, str] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    changed: t.FrozenSet[str] = frozenset()
    former: t.FrozenSet[str] = frozenset()
    shadows: t.Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Foreseen:
    """The observations for one candidate document of daemon.json.

    *cold* are the changed keys that need a restart, as in needs_restart(). *hidden* is what a dockerd started with it
    would no longer show, *drivers* are messages about a storage driver or firewall backend that would not work, *work*
    is what a restart would end. dockerd has validated it with *notes* or a *refusal*.
    """

    cold: t.Optional[t.Tuple[str, ...]] = None
    hidden: t.Tuple[t.Tuple[Hiding, Vanishing], ...] = ()
    drivers: t.Tuple[str, ...] = ()
    work: str = ""
    notes: t.Tuple[str, ...] = ()
    refusal: t.Optional[HostError] = None

    @property
    def hides_containers(self) -> bool:
        """Whether the next dockerd sees none of the current containers."""
        return any(CONTAINERS in each.kinds for each, _hidden in self.hidden)


def key_of(document: t.Mapping[str, t.Any]) -> str:
    """A key that is the same for equal documents."""
    return json.dumps(document, sort_keys=True)


@dataclass(frozen=True)
class DaemonState:
    """daemon.json and the running dockerd; *info* is None if it does not answer, *unseen* is what it has not applied.

    *elsewhere* says why dockerd will read another file, *other_file* is the one it runs with instead. *loose* lists
    excessive permissions of daemon.json, *stranded* says that images of containers are lost.
    """

    text: t.Optional[str]
    document: Document
    keys: Keys
    info: t.Optional[t.Mapping[str, t.Any]]
    unseen: Effects
    files: FilesState = FilesState()
    way_back: bool = False  # daemon.json was written by a run that ended before dockerd ran with it
    program: t.Optional[str] = None  # the version of the installed or planned dockerd, if none answers
    original: t.Optional[Original] = None
    tokens: Tokens = NO_TOKENS
    elsewhere: t.Optional[str] = None
    other_file: t.Optional[str] = None
    loose: t.Mapping[Rights, str] = field(default_factory=dict)
    flags: t.Tuple[str, ...] = ()  # those that the unit starts dockerd with
    containerd: t.Optional[Containerd] = None  # the one that the dockerd works with
    left: t.Tuple[str, ...] = ()  # notes about data that Docker used to show
    stranded: t.Optional[HostError] = None
    sites: t.Tuple[Site, ...] = ()  # where its data shall be, and is
    foreseen: t.Mapping[str, Foreseen] = field(default_factory=dict)  # by key_of() the document

    def then(self, after: Document) -> Foreseen:
        """The observations for *after*; empty if no dockerd runs to be asked."""
        return self.foreseen.get(key_of(after), Foreseen())

    @property
    def running(self) -> t.Optional[Running]:
        """The sources for dockerd's current data locations, None if it does not answer."""
        if self.info is None:
            return None
        return Running(self.info, self.document, self.flags, self.containerd.root if self.containerd else None)

    @property
    def engine(self) -> t.Optional[str]:
        """dockerd's version, None if it is unknown."""
        return self.info.get("ServerVersion") if self.info is not None else self.program

    @property
    def unproven(self) -> bool:
        """Whether dockerd is not known to run with the current daemon.json: then rollback goes to what it replaced."""
        return self.way_back and (self.info is None or bool(_OF_THE_FILE & self.unseen))


def implied(
    registries: t.Sequence[Registry],
    proxy: Proxy = NO_PROXY,
    dns: t.Sequence[str] = (),
    gc: t.Optional[Document] = None,
    engine: t.Optional[str] = None,
    networks: t.Sequence[str] = (),
) -> Document:
    """The effect of the registries, the proxy, the name servers and several platforms on daemon.json.

    *networks* are those of the table. *gc* is builder.gc, which depends on dockerd's version (`daemon.gc`), *engine*;
    None if unknown.
    """
    insecure = [each.host for each in registries if each.insecure or each.http]
    found: Document = {
        "features": {STORE_FEATURE: True} if knows_containerd_store(engine) else {},
        "registry-mirrors": for_daemon_json(registries),
        "insecure-registries": [*insecure, *networks],
        "proxies": proxy.daemon_keys(),
        "dns": list(dns),
        "builder": {"gc": gc} if gc else {},
    }
    return {key: value for key, value in found.items() if value}


def restart_reasons(
    state: DaemonState, after: Document, effects: Effects, store_reasons: t.Sequence[str]
) -> t.Tuple[str, ...]:
    """Why dockerd must restart; empty if nothing differs, or a reload is enough.

    *store_reasons* say why it needs the operating system's current authorities.
    """
    cold = state.then(after).cold
    if cold is None:
        cold = needs_restart(state.document, after, state.info)
    differences = changes(state.document, after)
    reasons = [str(each) for each in differences if each.path[0] in cold]
    reasons += store_reasons
    if state.other_file is not None:
        reasons.append(f"dockerd runs with {state.other_file} in place of daemon.json, which its unit no longer names")
    if Effect.CONFIGURATION_CHANGES in state.unseen and not reasons:
        reasons.append("daemon.json changed after dockerd started")
    if state.way_back and state.info is None and not reasons:
        reasons.append("docker does not run, and daemon.json is from a run that ended before docker ran with it")
    if differences and state.info is None and Effect.DAEMON_RESTARTS not in effects and not reasons:
        reasons.append("docker does not run, and daemon.json changes")
    runs_otherwise = state.info is not None and wants_containerd_store(after) and not has_containerd_store(state.info)
    if runs_otherwise and not reasons:
        reasons.append("dockerd runs without the containerd image store that daemon.json enables")
    return tuple(reasons)


def effects_on_containers(before: Document, after: Document) -> Effects:
    """How a dockerd started with *after* handles containers, as far as its file says."""
    network = of_document(after)
    said = network != DefaultNetwork() or network != of_document(before)
    return frozenset({network}) if said else NO_EFFECTS
