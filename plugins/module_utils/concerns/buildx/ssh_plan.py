# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done for the ssh keys of a scheduler's users. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ssh_config import (
    CONFIG,
    FORMER,
    KEY,
    KNOWN_HOSTS,
    Nodes,
    config,
    known_hosts,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ssh_record import KnownNode, OwnKey
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Difference,
    Kind,
    Note,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.ssh import SshNode, fingerprint
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile


@dataclass(frozen=True)
class Seen:
    """A node as the controller saw it: its *host_keys*, and by login the keys *authorised* for docker's connections."""

    host_keys: t.Tuple[str, ...] = ()
    authorised: t.Mapping[str, t.Tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class SshWanted:
    """*nodes* that *users* reach with keys of ours, none made before *renew_before* (UTC, "" for any).

    *seen* are nodes of this run by their hosts, of which *coming* are changed in it, after this plan.
    """

    nodes: t.Tuple[SshNode, ...] = ()
    users: t.Tuple[str, ...] = ()
    renew_before: str = ""
    seen: t.Mapping[str, Seen] = field(default_factory=dict)
    coming: t.FrozenSet[str] = frozenset()


@dataclass(frozen=True)
class UserKey:
    """The key of *user*: whether a file *exists*, its *public* half, "" if it is no key, what was recorded of it.

    *closed* says that nobody else may read it, *former* that there is the key before it.
    """

    user: str
    exists: bool = False
    public: str = ""
    closed: bool = True
    former: bool = False
    own: t.Optional[OwnKey] = None


@dataclass(frozen=True)
class SshState:
    """The *keys* of the users, the texts of ssh's *files* by path, and what is recorded of *nodes*.

    *leaving* are users whose managed keys nobody needs any more, *overridden* what keeps ssh from using the files,
    *client* says whether there is an ssh at all.
    """

    keys: t.Tuple[UserKey, ...] = ()
    files: t.Mapping[str, str] = field(default_factory=dict)
    nodes: Nodes = field(default_factory=dict)
    leaving: t.Tuple[str, ...] = ()
    overridden: t.Tuple[str, ...] = ()
    client: bool = True


@dataclass(frozen=True)
class MakeKey:
    """The step that makes the key of *user*; a former one stays beside it until each node has the new one."""

    user: str


@dataclass(frozen=True)
class CloseKey:
    """The step that makes the key of *user* readable by that user alone."""

    user: str


@dataclass(frozen=True)
class DropFormer:
    """The step that removes the former key of *user*."""

    user: str


@dataclass(frozen=True)
class RemoveKey:
    """The step that removes all keys of ours of *user*."""

    user: str


@dataclass(frozen=True)
class SetFile:
    """The step that writes a *file* of ssh's settings, for *nodes*."""

    file: WriteFile
    nodes: Nodes


@dataclass(frozen=True)
class ForgetNodes:
    """The step that removes the files of ssh's settings."""

    files: t.Tuple[RemoveFile, ...]


@dataclass(frozen=True)
class Authorise:
    """The step on another *host*, which the controller does before this host's part."""

    host: str


@dataclass(frozen=True)
class SshPlan:
    """Actions *before* those of builders, which need the keys, and *after* them; notes."""

    before: t.Tuple[Action, ...] = ()
    after: t.Tuple[Action, ...] = ()
    notes: t.Tuple[Note, ...] = ()


def planned(wanted: SshWanted, state: SshState) -> SshPlan:
    """The plan. Raises HostError without ssh, or where a foreign file is in the way."""
    if wanted.nodes and not state.client:
        raise HostError(
            "builder_ssh_keys: docker reaches nodes by ssh, which is not on this host", remedy="Install openssh-client"
        )
    new = [key for key in state.keys if _why_new(key, wanted)]
    before = [Action(_why_new(key, wanted), MakeKey(key.user)) for key in new]
    before += [
        Action(f"make ~{key.user}/{KEY} readable by {key.user} alone: ssh uses no other", CloseKey(key.user))
        for key in state.keys
        if key not in new and not key.closed
    ]
    asked = nodes_of(wanted, state.nodes)
    both = {**state.nodes, **asked}  # builders that leave a node still have to reach it
    before += _files(both, state, state.nodes)
    limits = [f"host keys of {each.host} are not known here: {_together(each.host)}" for each in _unknown(asked)]
    renewed = {key.user for key in new}
    for node in wanted.nodes:
        missing = [key.user for key in state.keys if key.user in renewed or not _is_authorised(key, node, wanted)]
        if missing and node.host in wanted.coming:
            before.append(_authorise(missing, node))
        elif missing:
            limits.append(f"{node.host} does not know the key of {', '.join(missing)}: {_together(node.host)}")
    notes = Kind.LIMIT.notes((*limits, *state.overridden))
    return SshPlan(tuple(before), tuple(_after(wanted, state, asked, both, renewed)), notes)


def nodes_of(wanted: SshWanted, known: Nodes) -> t.Dict[str, KnownNode]:
    """The wanted nodes by their names for ssh; one that was not seen has the host keys that it had."""
    found = {}
    for node in wanted.nodes:
        seen, former = wanted.seen.get(node.host), known.get(node.alias)
        keys = seen.host_keys if seen and seen.host_keys else former.keys if former else ()
        found[node.alias] = KnownNode(node.host, node.address, node.port, keys)
    return found


def _unknown(nodes: Nodes) -> t.List[KnownNode]:
    return [node for node in nodes.values() if not node.keys]


def _together(host: str) -> str:
    return f"run the playbook for this host and {host} together"


def _why_new(key: UserKey, wanted: SshWanted) -> str:
    """The action that makes a key, "" if the present one is fine. Raises HostError for a foreign one."""
    path = f"~{key.user}/{KEY}"
    hosts = ", ".join(dict.fromkeys(node.host for node in wanted.nodes))
    if key.own is None:
        if key.exists:
            raise HostError(f"{path} exists, and was not made here: move it away, as it is the place of our own key")
        return f"make an ssh key for {key.user}, for docker's connections to {hosts} alone: {path}"
    if not key.exists:
        return f"make an ssh key for {key.user} anew: {path} is missing"
    if key.public != key.own.public:
        return f"make an ssh key for {key.user} anew: {path} is not the one that was made"
    if key.own.made < wanted.renew_before:
        when = f"it was made {key.own.made}, before builder_ssh_options.renew_before"
        return f"renew the ssh key of {key.user} ({path}): {when}"
    return ""


def _files(nodes: Nodes, state: SshState, former: Nodes) -> t.List[Action]:
    """The actions that write ssh's files for *nodes*."""
    if not nodes:
        return []
    found = []
    for path, text in ((CONFIG, config(nodes)), (KNOWN_HOSTS, known_hosts(nodes))):
        present = state.files.get(path)
        if present != text:
            told = _changed_keys(nodes, former) if path == KNOWN_HOSTS else ""
            hosts = ", ".join(node.host for _alias, node in sorted(nodes.items()))
            words = told or f"write {path}, for docker's connections to {hosts}"
            difference = Difference(path, present or "", text)
            found.append(Action(words, SetFile(WriteFile(path, text), nodes), difference=difference))
    return found


def _changed_keys(nodes: Nodes, former: Nodes) -> str:
    """What is said of nodes that have other host keys than before, "" if there are none."""
    words = []
    for alias, node in sorted(nodes.items()):
        before = former.get(alias)
        if before is not None and before.keys and {*before.keys} != {*node.keys}:
            gone, new = ({*one} - {*other} for one, other in ((before.keys, node.keys), (node.keys, before.keys)))
            shown = [", ".join(sorted(map(fingerprint, each))) or "none" for each in (gone, new)]
            words.append(f"{node.host} has other host keys than before: {shown[0]} is now {shown[1]}")
    return f"{'; '.join(words)}: write {KNOWN_HOSTS}" if words else ""


def _is_authorised(key: UserKey, node: SshNode, wanted: SshWanted) -> bool:
    """Whether the node has the key, or was not seen."""
    seen = wanted.seen.get(node.host)
    return seen is None or key.public in seen.authorised.get(node.login, ())


def _authorise(users: t.Sequence[str], node: SshNode) -> Action:
    keys = f"key{'s' if len(users) > 1 else ''} of {', '.join(users)}"
    words = f"authorise the {keys} on {node.host}, as its user {node.login}, for docker's connections alone"
    return Action(f"{words} (root-equivalent there)", Authorise(node.host))


def _after(
    wanted: SshWanted, state: SshState, asked: Nodes, both: Nodes, renewed: t.Container[str]
) -> t.Iterator[Action]:
    """What builders do not need any more."""
    there = [path for path in (CONFIG, KNOWN_HOSTS) if path in state.files]
    if not asked and (there or state.nodes):
        words = f"remove {' and '.join(there)}" if there else "forget the nodes"
        yield Action(f"{words}: no node needs it", ForgetNodes(tuple(map(RemoveFile, there))))
    elif asked.keys() != both.keys():
        hosts = ", ".join(node.host for alias, node in sorted(both.items()) if alias not in asked)
        for path, text in ((CONFIG, config(asked)), (KNOWN_HOSTS, known_hosts(asked))):
            yield Action(f"take {hosts} out of {path}", SetFile(WriteFile(path, text), asked))
    for key in state.keys:
        if key.former and key.user not in renewed and _is_everywhere(key, wanted):
            yield Action(f"remove ~{key.user}/{FORMER}: each node has the new key", DropFormer(key.user))
    for user in state.leaving:
        yield Action(f"remove the ssh key of {user}, ~{user}/{KEY}: no node needs it", RemoveKey(user))


def _is_everywhere(key: UserKey, wanted: SshWanted) -> bool:
    return all(node.host in wanted.seen and _is_authorised(key, node, wanted) for node in wanted.nodes)
