# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every concern is made of: a resource that is observed, planned and applied.

Pure data and one abstract class. A module applies one resource, the plan looks at all of them: there is one
implementation of "what differs", used by the plan, by check mode and by each module.
"""

from __future__ import annotations

import abc
import enum
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import DefaultNetwork


class Effect(enum.Enum):
    """What an action causes beyond its own concern; the concerns after it plan with it. Values are words for people."""

    CONFIGURATION_CHANGES = "daemon.json changes"
    CONFIGURATION_RELOADS = "daemon.json changes, which a reload brings to docker"
    DAEMON_RESTARTS = "docker restarts"
    BUILDER_TRUST_CHANGES = "only the builders' trusted CAs change"
    CONTAINERS_VANISH = "containers vanish, with another image store or data-root"
    REMAINS = "something that has to change stays as it is for now"


@dataclass(frozen=True)
class Arrival:
    """The effect that says what comes to the host: versions, "" for an unknown one; None for what does not come."""

    engine: t.Optional[str] = None
    buildx: t.Optional[str] = None
    trust_store: bool = False  # the operating system's


Thing = t.Literal["image", "container", "volume"]


@dataclass(frozen=True)
class Departure:
    """The effect that removes something from this host's Docker."""

    thing: Thing
    name: str


Effects = t.FrozenSet[t.Union[Effect, Arrival, Departure, DefaultNetwork]]
NO_EFFECTS: Effects = frozenset()


def arrival(effects: Effects) -> Arrival:
    """All that comes to the host by *effects*."""
    found = [each for each in effects if isinstance(each, Arrival)]
    return Arrival(
        next((each.engine for each in found if each.engine is not None), None),
        next((each.buildx for each in found if each.buildx is not None), None),
        any(each.trust_store for each in found),
    )


def departing(effects: Effects, thing: Thing) -> int:
    """How many of that kind leave this host's Docker by *effects*."""
    return sum(isinstance(each, Departure) and each.thing == thing for each in effects)


@dataclass(frozen=True)
class Difference:
    """Text before and after, as Ansible's --diff shows it. Never holds a secret."""

    name: str
    before: str
    after: str


class Kind(enum.Enum):
    """What a note is about, which decides who shows it and how. Values are what modules return."""

    WAITS = "waits"  # something has to be done, and is not done now
    UNPROVEN = "unproven"  # a proof has to be made: a run makes it, check mode does not
    LEFT_ALONE = "left_alone"  # something stays as it is, as it is not ours, or was there before
    LIMIT = "limit"  # what is asked for has less effect on this host, or another one

    def notes(self, texts: t.Iterable[str]) -> t.Tuple[Note, ...]:
        """A note of this kind for each text."""
        return tuple(Note(self, each) for each in texts)


@dataclass(frozen=True)
class Note:
    """What people should know of a host besides the actions. *text* is for them alone: no code reads it."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Action:
    """One change: *summary* for people, *step* is the data that apply() works with."""

    summary: str
    step: object
    effects: Effects = NO_EFFECTS
    difference: t.Optional[Difference] = None


@dataclass(frozen=True)
class Plan:
    """*actions* in their order, none if the host is as asked; *notes* say what is left alone or pending, and why.

    *facts* are what was seen, as plain data, for those who report it: no concern reads them. *holds* says that nothing
    may be done for the concerns after it either.
    """

    actions: t.Tuple[Action, ...] = ()
    notes: t.Tuple[Note, ...] = ()
    facts: t.Mapping[str, t.Any] = field(default_factory=dict)
    holds: bool = False

    @property
    def effects(self) -> Effects:
        """All that the actions cause, and what waits."""
        waits = {Effect.REMAINS} if any(note.kind is Kind.WAITS for note in self.notes) else set()
        return frozenset(waits).union(*(action.effects for action in self.actions))


State = t.TypeVar("State")


@dataclass
class Resource(abc.ABC, t.Generic[State]):
    """One concern on one host."""

    concern: t.ClassVar[str] = ""

    @abc.abstractmethod
    def observe(self) -> State:
        """What is there now, all that plan() needs. Changes nothing."""

    @abc.abstractmethod
    def plan(self, state: State, effects: Effects) -> Plan:
        """What has to be done, given what earlier concerns cause. Pure; raises HostError if impossible."""

    @abc.abstractmethod
    def apply(self, actions: t.Sequence[Action]) -> None:
        """Do *actions*. Raises HostError, and leaves the host working as before the action that failed."""


Doers = t.Mapping[type, t.Callable[[t.Any], object]]
"""{type of a step: what does it}."""


def perform(actions: t.Iterable[Action], doers: Doers) -> None:
    """Do the steps of *actions*, in their order. A step that nobody does is a mistake in the code: KeyError."""
    for action in actions:
        doers[type(action.step)](action.step)
