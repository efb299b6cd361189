# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apt offers: packages by the words of apt-cache and apt-get. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.package_names import (
    DISTRIBUTION,
    Names,
)


@dataclass(frozen=True)
class Offer:
    """What apt would do to install *asked*: versions by package, dependencies among *new*; *upgraded* are (from, to).

    *unknown* are packages that it does not know, *refusal* is why it would not. *fresh* says that the host's own
    package lists lack something, and have to be refreshed first; *unfetched* is what of fresh ones cannot be fetched.
    *names* are those of the source. *version* was asked for, *known* are the engine's versions that apt has. *unusable*
    is why apt cannot use the new repository.
    """

    asked: t.Tuple[str, ...] = ()
    new: t.Mapping[str, str] = field(default_factory=dict)
    upgraded: t.Mapping[str, t.Tuple[str, str]] = field(default_factory=dict)
    unknown: t.Tuple[str, ...] = ()
    refusal: str = ""
    fresh: bool = False
    unfetched: str = ""
    names: Names = DISTRIBUTION
    version: str = ""
    known: t.Tuple[str, ...] = ()
    unusable: str = ""

    @property
    def is_incomplete(self) -> bool:
        """Whether apt would not install all of it."""
        return bool(self.unknown or self.refusal or self.unusable)

    def coming(self, package: str) -> t.Optional[str]:
        """The version of *package* that comes, without its epoch; None if it does not come."""
        found = self.new.get(package) or self.upgraded.get(package, ("", ""))[1]
        return found.rpartition(":")[2] or None


def candidates(policy: str) -> t.Dict[str, str]:
    """{package: version that would be installed} of what `apt-cache policy` prints; one without is left out."""
    found = re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (\S+)", policy, re.MULTILINE)
    return {name: version for name, version in found if version != "(none)"}


def versions(madison: str) -> t.Dict[str, t.Tuple[str, ...]]:
    """{package: its versions in repositories, the highest first} of what `apt-cache madison` prints."""
    found: t.Dict[str, t.Dict[str, None]] = {}
    for name, version in re.findall(r"^ *(\S+) \| *(\S+) \| .* Packages$", madison, re.MULTILINE):
        found.setdefault(name, {})[version] = None
    return {name: tuple(each) for name, each in found.items()}


def simulated(text: str) -> t.Tuple[t.Dict[str, str], t.Dict[str, t.Tuple[str, str]]]:
    """(new, upgraded) of what `apt-get --simulate install` prints: `Inst NAME [OLD] (NEW ORIGIN [ARCHITECTURE])`."""
    rows = re.findall(r"^Inst (\S+) (?:\[(\S+)\] )?\((\S+) ", text, re.MULTILINE)
    new = {name: version for name, old, version in rows if not old}
    return new, {name: (old, version) for name, old, version in rows if old}


def known_parts(
    asked: t.Sequence[str], known: t.Container[str], names: Names = DISTRIBUTION
) -> t.Tuple[t.Tuple[str, ...], t.Tuple[str, ...]]:
    """(what to install, what is unknown) of *asked*: where apt knows no docker-cli, docker.io has the client."""
    bundled = names is DISTRIBUTION and names.engine in asked and names.engine in known
    unknown = tuple(each for each in asked if each not in known and not (each == names.client and bundled))
    return tuple(each for each in asked if each in known), unknown


def is_stale(words: str) -> bool:
    """Whether an installation failed as the mirror no longer has what the package lists name."""
    return re.search(r"404 +Not Found|Unable to fetch some archives|Failed to fetch", words) is not None


def is_locked(words: str) -> bool:
    """Whether another process has the lock of apt or dpkg."""
    return (
        re.search(r"Could not get lock|Unable to acquire the dpkg frontend lock|is another process using it", words)
        is not None
    )
