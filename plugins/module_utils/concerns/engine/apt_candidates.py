# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the distribution offers: packages by the words of apt-cache and apt-get. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

# Debian 13 and newer have the client and buildx as packages of their own, Debian 12 and Ubuntu the client in docker.io,
# Debian 12 no buildx. apt knows; nothing here asks for a release.
ENGINE = "docker.io"
CLIENT = "docker-cli"
BUILDX = "docker-buildx"
CERTIFICATES = "ca-certificates"
APPARMOR = "apparmor"


@dataclass(frozen=True)
class Offer:
    """What apt would do to install *asked*: versions by package, dependencies among *new*; *upgraded* are (from, to).

    *unknown* are packages that it does not know, *refusal* is why it would not. *fresh* says that the host's own
    package lists lack something, and have to be refreshed first; *unfetched* is what of fresh ones cannot be fetched.
    """

    asked: t.Tuple[str, ...] = ()
    new: t.Mapping[str, str] = field(default_factory=dict)
    upgraded: t.Mapping[str, t.Tuple[str, str]] = field(default_factory=dict)
    unknown: t.Tuple[str, ...] = ()
    refusal: str = ""
    fresh: bool = False
    unfetched: str = ""

    def version(self, package: str) -> t.Optional[str]:
        """The version of *package* that comes, without its epoch; None if it does not come."""
        found = self.new.get(package) or self.upgraded.get(package, ("", ""))[1]
        return found.rpartition(":")[2] or None


def candidates(policy: str) -> t.Dict[str, str]:
    """{package: version that would be installed} of what `apt-cache policy` prints; one without is left out."""
    found = re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (\S+)", policy, re.MULTILINE)
    return {name: version for name, version in found if version != "(none)"}


def simulated(text: str) -> t.Tuple[t.Dict[str, str], t.Dict[str, t.Tuple[str, str]]]:
    """(new, upgraded) of what `apt-get --simulate install` prints: `Inst NAME [OLD] (NEW ORIGIN [ARCHITECTURE])`."""
    rows = re.findall(r"^Inst (\S+) (?:\[(\S+)\] )?\((\S+) ", text, re.MULTILINE)
    new = {name: version for name, old, version in rows if not old}
    return new, {name: (old, version) for name, old, version in rows if old}


def known_parts(asked: t.Sequence[str], known: t.Container[str]) -> t.Tuple[t.Tuple[str, ...], t.Tuple[str, ...]]:
    """(what to install, what is unknown) of *asked*: where apt knows no docker-cli, docker.io has the client."""
    bundled = ENGINE in asked and ENGINE in known
    unknown = tuple(each for each in asked if each not in known and not (each == CLIENT and bundled))
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
