# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upgrade of Docker: what it changes, what forbids it, and what is said of it. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import Offer
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.engine_version import numbers
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Arrival,
    Difference,
    Effect,
    Effects,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import text_of

_MOST_NAMES = 5


@dataclass(frozen=True)
class UpgradeEngine:
    """The step that upgrades Docker; with *down* to an older version."""

    offer: Offer
    down: bool = False


@dataclass(frozen=True)
class Upgrade:
    """What apt would replace (*offer*); *down*: by older packages. *lost* are those that could not be put back.

    *floor* is the oldest API of the new dockerd, "" if that is no newer than now. *low* are programs of the host that
    speak less, in words; *unseen* are containers that have docker's socket, whose API is not known. *work* runs now.
    """

    offer: Offer
    down: bool = False
    lost: t.Tuple[str, ...] = ()
    floor: str = ""
    low: t.Tuple[str, ...] = ()
    unseen: t.Tuple[str, ...] = ()
    work: str = ""

    @property
    def engine(self) -> str:
        """The new version of dockerd, such as 28.5.2."""
        return text_of(numbers(self.offer.coming(self.offer.names.engine) or ""))


def refusals(upgrade: Upgrade, *, may_go_down: bool) -> t.Tuple[str, ...]:
    """Why it is not made, each with its remedy."""
    found = []
    if upgrade.down and not may_go_down:
        found.append(
            f"builder_engine_version = {upgrade.offer.version} is older than what is installed ({_changes(upgrade)}): "
            "dockerd may not read what a newer one has stored. Set builder_allow_engine_downgrade: true if it shall be"
        )
    if upgrade.lost:
        found.append(
            f"there is no way back from Docker {upgrade.engine}: {', '.join(upgrade.lost)} is neither in apt's cache "
            "nor in a repository. Put the former packages into /var/cache/apt/archives, or add a repository that has "
            "them"
        )
    if upgrade.low:
        found.append(
            f"Docker {upgrade.engine} serves no API before {upgrade.floor}, and on this host speak less: "
            f"{'; '.join(upgrade.low)}. Upgrade them first, or set min-api-version in builder_daemon_options"
        )
    return tuple(found)


def action(upgrade: Upgrade) -> Action:
    """The upgrade as an action: each package before and after, and what it ends."""
    offer = upgrade.offer
    words = f"{'downgrade' if upgrade.down else 'upgrade'} Docker: {_changes(upgrade)}"
    words += f"; install {', '.join(f'{name} {version}' for name, version in offer.new.items())}" if offer.new else ""
    words += "; docker restarts, image store and builders are kept, the former packages are kept until both work"
    words += f" (running now: {upgrade.work})" if upgrade.work else ""
    before = {name: old for name, (old, _new) in offer.upgraded.items()}
    after = {**offer.new, **{name: new for name, (_old, new) in offer.upgraded.items()}}
    arrival = Arrival(offer.coming(offer.names.engine), offer.coming(offer.names.buildx))
    effects: Effects = frozenset({arrival, Effect.DAEMON_RESTARTS})
    return Action(
        words, UpgradeEngine(offer, upgrade.down), effects, Difference("packages", lines(before), lines(after))
    )


def notes(upgrade: Upgrade) -> t.List[str]:
    """What is not known, where the API's floor rises."""
    if not upgrade.floor:
        return []
    words = (
        f"Docker {upgrade.engine} serves no API before {upgrade.floor}: docker clients in the images of jobs, and "
        "libraries such as Testcontainers, are not seen from here, and fail with `client version … is too old` if they "
        "speak less"
    )
    few, more = upgrade.unseen[:_MOST_NAMES], len(upgrade.unseen) - _MOST_NAMES
    words += f"; these containers have docker's socket: {', '.join(few)}" if few else ""
    return [words + (f" and {more} more" if more > 0 else "")]


def waits(upgrade: Upgrade) -> str:
    """The note for one that may not be made now."""
    return f"Docker must be upgraded, but builder_disruption: never forbids its restart: {_changes(upgrade)}"


def _changes(upgrade: Upgrade) -> str:
    """The replaced packages, the engine's first."""
    found, first = upgrade.offer.upgraded, upgrade.offer.names.every
    names = sorted(found, key=lambda name: first.index(name) if name in first else len(first))
    return ", ".join(f"{name} {found[name][0]} → {found[name][1]}" for name in names)


def lines(packages: t.Mapping[str, str]) -> str:
    """Packages with their versions, one a line."""
    return "".join(f"{name} {version}\n" for name, version in sorted(packages.items()))
