# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of every concern: a resource that is observed, planned and applied.

Pure data and one abstract class. A module applies one resource, the plan covers all of them, so "what differs" has
one implementation, shared by the plan, check mode and each module.
"""

from __future__ import annotations

import abc
import enum
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import DefaultNetwork


class Effect(enum.Enum):
    """A side effect of an action on other concerns, which plan with it. Values are descriptions for people."""

    CONFIGURATION_CHANGES = "daemon.json changes"
    CONFIGURATION_RELOADS = "daemon.json changes, and docker reloads it"
    DAEMON_RESTARTS = "docker restarts"
    BUILDER_TRUST_CHANGES = "only the builders' trusted CAs change"
    CONTAINERS_VANISH = "containers are hidden by another image store or data-root"
    REMAINS = "a required change is pending"


@dataclass(frozen=True)
class Arrival:
    """The effect of installing versions on the host, "" for an unknown one; None for what is not installed."""

    engine: t.Optional[str] = None
    buildx: t.Optional[str] = None
    trust_store: bool = False  # the operating system's


Thing = t.Literal["image", "container", "volume"]


@dataclass(frozen=True)
class Departure:
    """The effect of removing something from this host's Docker."""

    thing: Thing
    name: str


@dataclass(frozen=True)
class ContextWrite:
    """The effect of creating or changing the docker context *name* of *user*."""

    user: str
    name: str


@dataclass(frozen=True)
class NodeDeparture:
    """The effect of taking a node off the builder *builder* of *user*, which had it at *endpoint*."""

    user: str
    builder: str
    endpoint: str


Effects = t.FrozenSet[t.Union[Effect, Arrival, Departure, ContextWrite, NodeDeparture, DefaultNetwork]]
NO_EFFECTS: Effects = frozenset()


def arrival(effects: Effects) -> Arrival:
    """All that *effects* install on the host."""
    found = [each for each in effects if isinstance(each, Arrival)]
    return Arrival(
        next((each.engine for each in found if each.engine is not None), None),
        next((each.buildx for each in found if each.buildx is not None), None),
        any(each.trust_store for each in found),
    )


def departing(effects: Effects, thing: Thing) -> int:
    """How many of that kind *effects* remove from this host's Docker."""
    return sum(isinstance(each, Departure) and each.thing == thing for each in effects)


@dataclass(frozen=True)
class Difference:
    """Text before and after, as Ansible's --diff shows it. Never holds a secret."""

    name: str
    before: str
    after: str


class Kind(enum.Enum):
    """The kind of a note, which decides who shows it and how. Values are what modules return."""

    WAITS = "waits"  # a required change that is not made now
    UNPROVEN = "unproven"  # a pending proof: a run makes it, check mode does not
    LEFT_ALONE = "left_alone"  # not changed, as it is unmanaged or predates us
    LIMIT = "limit"  # an option has less effect on this host, or a different one

    def notes(self, texts: t.Iterable[str]) -> t.Tuple[Note, ...]:
        """A note of this kind for each text."""
        return tuple(Note(self, each) for each in texts)


@dataclass(frozen=True)
class Note:
    """Additional information about a host. *text* is for people only: no code reads it."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Action:
    """One change: *summary* is for people, *step* is the data that apply() uses."""

    summary: str
    step: object
    effects: Effects = NO_EFFECTS
    difference: t.Optional[Difference] = None


@dataclass(frozen=True)
class Plan:
    """*actions* in order, empty if the host is in its desired state; *notes* say what is unmanaged or pending, and why.

    *facts* are observations as plain data, for reports only: no concern reads them. *holds* blocks the concerns after
    it, too.
    """

    actions: t.Tuple[Action, ...] = ()
    notes: t.Tuple[Note, ...] = ()
    facts: t.Mapping[str, t.Any] = field(default_factory=dict)
    holds: bool = False

    @property
    def effects(self) -> Effects:
        """All side effects of the actions, and whether anything is pending."""
        waits = {Effect.REMAINS} if any(note.kind is Kind.WAITS for note in self.notes) else set()
        return frozenset(waits).union(*(action.effects for action in self.actions))


State = t.TypeVar("State")


@dataclass
class Resource(abc.ABC, t.Generic[State]):
    """One concern on one host."""

    concern: t.ClassVar[str] = ""

    @abc.abstractmethod
    def observe(self) -> State:
        """The current state, with all that plan() needs. Changes nothing."""

    @abc.abstractmethod
    def plan(self, state: State, effects: Effects) -> Plan:
        """The required changes, given the effects of earlier concerns. Pure; raises HostError if impossible."""

    @abc.abstractmethod
    def apply(self, actions: t.Sequence[Action]) -> None:
        """Apply *actions*. Raises HostError; the host then works as before the action that failed."""


Doers = t.Mapping[type, t.Callable[[t.Any], object]]
"""{type of a step: its handler}."""


def perform(actions: t.Iterable[Action], doers: Doers) -> None:
    """Run the steps of *actions* in order. A step without a handler is a bug: KeyError."""
    for action in actions:
        doers[type(action.step)](action.step)
