# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What jobs left on a host: which builders and images are removed, which are kept, and why. Pure."""

from __future__ import annotations

import enum
import fnmatch
import re
import time
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import Sweep
from ansible_collections.multiarch.builders.plugins.module_utils.model import human_size
from ansible_collections.multiarch.builders.plugins.module_utils.model.duration import duration

BUILDER, IMAGE = "builder", "image"
BUSY_STATES = ("running", "paused", "restarting")
"""States of a container in which a build can run."""


class Outcome(enum.Enum):
    """The decision; LOOK: it is removed unless work is found in it."""

    GOES = "goes"
    LOOK = "look"
    STAYS = "stays"


@dataclass(frozen=True)
class Node:
    """What this host has of a builder's node: *container* is its id, "" for none, with its *state*; *volume* its name.

    *used* is when it was last used, as far as its files and dates show. *others* are further containers that use the
    volume.
    """

    name: str
    container: str = ""
    state: str = ""
    volume: str = ""
    used: int = 0
    others: t.Tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A builder in the store of *user*; *here* says that all of its nodes are containers of this host's docker.

    *nodes* is None if the entry cannot be read. *writable* says whether the guard may remove it. *others* are nodes of
    other builders, whose containers it connects to (driver remote, docker-container://).
    """

    user: str
    builder: str
    nodes: t.Optional[t.Tuple[str, ...]]
    used: int
    here: bool = True
    writable: bool = True
    others: t.Tuple[str, ...] = ()


@dataclass(frozen=True)
class Image:
    """An image with neither a tag nor a digest of a registry, *since* then, and the containers that use it."""

    id: str
    since: int
    users: t.Tuple[str, ...] = ()


@dataclass(frozen=True)
class Disk:
    """The file system at *path*, in bytes."""

    path: str
    size: int
    free: int


@dataclass(frozen=True)
class Found:
    """All that decides. Times are seconds since 1970, names of nodes and builders are in lower case.

    *ours* are the managed builders and nodes, *unread* the users whose stores cannot be read. *work* says what runs in
    a node, "" for nothing; a node without it was not looked into. *building* says that the BuildKit in dockerd runs a
    step. *even_for* says for how many seconds the clock was not set forward: what is older may not be.
    """

    now: int
    nodes: t.Mapping[str, Node] = field(default_factory=dict)
    entries: t.Tuple[Entry, ...] = ()
    images: t.Tuple[Image, ...] = ()
    ours: t.FrozenSet[str] = frozenset()
    unread: t.Tuple[str, ...] = ()
    disk: t.Optional[Disk] = None
    image_disk: t.Optional[Disk] = None
    work: t.Mapping[str, str] = field(default_factory=dict)
    building: bool = False
    even_for: float = float("inf")


@dataclass(frozen=True)
class Verdict:
    """What becomes of a builder or an image (*id*); *why* has no numbers that change by themselves."""

    kind: str
    name: str
    outcome: Outcome
    why: str
    used: int
    nodes: t.Tuple[Node, ...] = ()
    entries: t.Tuple[Entry, ...] = ()
    id: str = ""
    managed: bool = False

    @property
    def key(self) -> str:
        """A name for people, unique on the host."""
        return f"{self.kind} {self.name}"


def decided(found: Found, rules: Sweep) -> t.Tuple[Verdict, ...]:
    """The verdict on each builder and dangling image, the longest unused first."""
    builders = [_of_builder(each, found, rules) for each in _builders(found)]
    images = [_of_image(each, found, rules) for each in found.images] if rules.images else []
    return tuple(sorted((*builders, *images), key=lambda each: (each.used, each.key)))


@dataclass(frozen=True)
class _Builder:
    """One builder, by the name in the stores; or a node that is in none."""

    name: str
    nodes: t.Tuple[Node, ...]
    entries: t.Tuple[Entry, ...]
    named: t.FrozenSet[str]
    """All of its nodes, also those of which nothing is here."""

    @property
    def used(self) -> int:
        return max((*(each.used for each in self.nodes), *(each.used for each in self.entries)), default=0)


def _builders(found: Found) -> t.Iterator[_Builder]:
    claimed: t.Set[str] = set()
    for name in sorted({each.builder for each in found.entries}):
        entries = tuple(each for each in found.entries if each.builder == name)
        named = frozenset(node for each in entries for node in _nodes_of(each, found))
        claimed |= named
        yield _Builder(name, tuple(found.nodes[node] for node in sorted(named & set(found.nodes))), entries, named)
    for name in sorted(set(found.nodes) - claimed):
        yield _Builder(name, (found.nodes[name],), (), frozenset({name}))


def _nodes_of(entry: Entry, found: Found) -> t.Tuple[str, ...]:
    """Its nodes; those of a broken entry are guessed by their default names (docker/buildx, store/nodegroup.go)."""
    if entry.nodes is not None:
        return entry.nodes
    return tuple(name for name in found.nodes if re.fullmatch(rf"{re.escape(entry.builder)}\d*", name))


def _of_builder(builder: _Builder, found: Found, rules: Sweep) -> Verdict:
    if builder.entries:
        where = f"in the store of {_list(each.user for each in builder.entries)}"
    else:
        where = "in no user's store"
    stays = _why_it_stays(builder, where, found, rules)
    busy = [node.name for node in builder.nodes if node.state in BUSY_STATES]
    if stays:
        outcome, why = Outcome.STAYS, stays
    else:
        outcome = Outcome.LOOK if any(name not in found.work for name in busy) else Outcome.GOES
        why = f"{where}, last used {utc(builder.used)}"
    managed = bool({builder.name, *builder.named} & found.ours)
    return Verdict(BUILDER, builder.name, outcome, why, builder.used, builder.nodes, builder.entries, managed=managed)


def _why_it_stays(builder: _Builder, where: str, found: Found, rules: Sweep) -> str:
    """ "" for what is removed. The first reason counts."""
    names = {builder.name, *builder.named}
    reasons = (
        (bool(names & found.ours), "it is managed"),
        (_matches(names | {*map(_without_number, names)}, rules.keep), "builder_guard_options.sweep.keep names it"),
        (bool(builder.entries) and not _matches({builder.name}, rules.patterns), f"it is {where}"),
        *((True, why) for why in _of_entries(builder, found)),
        *(
            (True, f"builder {each.builder} in the store of {each.user} connects to it")
            for each in found.entries
            if builder.named & {*each.others}
        ),
        (not builder.entries and bool(found.unread), f"the store of {_list(found.unread)} cannot be read"),
        *((True, f"container {_list(each.others)} uses its volume") for each in builder.nodes if each.others),
        (found.now - builder.used < rules.after, f"it was used less than {duration(rules.after)} ago"),
        _clock(found, rules),
        _enough(found.disk, rules),
        *((True, found.work[each.name]) for each in builder.nodes if found.work.get(each.name)),
    )
    return next((why for applies, why in reasons if applies), "")


def _of_entries(builder: _Builder, found: Found) -> t.Iterator[str]:
    """Why entries in stores prevent that the builder is removed as a whole."""
    for entry in builder.entries:
        if entry.nodes is None:
            yield f"its entry in the store of {entry.user} cannot be read"
        elif not entry.here:
            yield "it has nodes that are not containers of this host's docker"
        elif not entry.writable:
            yield f"the guard may not write to the store of {entry.user} before the host is provisioned again"
    for other in found.entries:
        if builder.entries and other.builder != builder.name and builder.named & {*_nodes_of(other, found)}:
            yield f"builder {other.builder} has the same node"


def _of_image(image: Image, found: Found, rules: Sweep) -> Verdict:
    reasons = (
        (bool(image.users), f"container {_list(image.users)} uses it"),
        (found.now - image.since < rules.after, f"it has been dangling for less than {duration(rules.after)}"),
        _clock(found, rules),
        _enough(found.image_disk, rules),
        (found.building, "docker itself is building"),
    )
    stays = next((why for applies, why in reasons if applies), "")
    outcome = Outcome.STAYS if stays else Outcome.GOES
    why = stays or f"dangling, found {utc(image.since)}"
    return Verdict(IMAGE, image.id.partition(":")[2][:12] or image.id, outcome, why, image.since, id=image.id)


def _clock(found: Found, rules: Sweep) -> t.Tuple[bool, str]:
    """(whether ages cannot be trusted, why): after this time, what was used before the clock was set is old anyway."""
    return found.even_for < rules.after, f"the host's clock was set forward less than {duration(rules.after)} ago"


def _enough(disk: t.Optional[Disk], rules: Sweep) -> t.Tuple[bool, str]:
    """(whether so much is free that nothing has to be removed, that as text)."""
    if not rules.free and not rules.share:
        return False, ""
    if disk is None:
        return True, "the free space of its disk is unknown"
    wanted = rules.free or disk.size * rules.share // 100
    amount = f"{rules.share}%" if rules.share else human_size.shown(rules.free)
    return disk.free >= wanted, f"at least {amount} of {disk.path} is free"


def _matches(names: t.Iterable[str], patterns: t.Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern.lower()) for name in names for pattern in patterns)


def _without_number(node: str) -> str:
    """The builder of a node that has the name which buildx chose (docker/buildx, store/nodegroup.go)."""
    return node.rstrip("0123456789")


def utc(seconds: int) -> str:
    """A time as in the record."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _list(names: t.Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))
