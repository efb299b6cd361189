# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the platforms of a builder are built: on this host, or by a node on another machine. Pure."""

from __future__ import annotations

import enum
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance

# Endpoints on this host: its dockerd (of a desired node) or a socket, and a container of it (driver remote).
_HERE = ("unix:", "docker-container:")


class Machine(t.NamedTuple):
    """Where a node of a builder is, and the *platforms* (canonical) that it names."""

    here: bool
    platforms: t.Tuple[str, ...] = ()


Builder = t.Sequence[Machine]
"""Its nodes, in their order."""


class Place(enum.Enum):
    """EITHER: several nodes may, and nothing says which one."""

    HERE = "here"
    ELSEWHERE = "elsewhere"
    EITHER = "either"


def machines_of(instance: Instance) -> Builder:
    """The machines of a desired builder."""
    return [machine_of(instance.driver, each.endpoint, each.platforms) for each in instance.nodes]


def machine_of(driver: str, endpoint: str, platforms: t.Tuple[str, ...]) -> Machine:
    """The machine of a node at *endpoint*, "" for this host's dockerd. A context counts as another machine."""
    return Machine(driver != "kubernetes" and (not endpoint or endpoint.startswith(_HERE)), platforms)


def place_of(builder: Builder, platform: str) -> Place:
    """Where *platform* (canonical) is built: on the nodes that name it, else on any (docker/buildx, build/driver.go,
    Resolve). A builder of which nothing is known is here."""
    named = [each for each in builder if platform in each.platforms]
    found = {each.here for each in named or builder}
    if len(found) > 1:
        return Place.EITHER
    return Place.ELSEWHERE if found == {False} else Place.HERE


def to_run_here(
    platforms: t.Iterable[str],
    builders: t.Sequence[Builder],
    concerns: t.Container[str],
    impossible: t.Container[str] = (),
) -> t.Tuple[str, ...]:
    """Those of *platforms* whose programs this host itself has to run.

    That is what one of its own nodes builds; and with the concern `binfmt` also what only nodes elsewhere build, unless
    it is *impossible* here.
    """
    emulates = "binfmt" in concerns

    def needed(platform: str) -> bool:
        places = {place_of(each, platform) for each in builders}
        return Place.HERE in places or (emulates and (not places or platform not in impossible))

    return tuple(each for each in platforms if needed(each))
