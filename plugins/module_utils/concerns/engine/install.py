# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker and buildx from packages: their installation, and the packages that are ours."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import apt
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import Offer
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.package_names import (
    DISTRIBUTION,
    DOCKERS,
    Names,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.repository import NO_SOURCES, Sources
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError


def offer(
    packages: t.Sequence[str], names: Names = DISTRIBUTION, version: str = "", new: Sources = NO_SOURCES
) -> Offer:
    """What apt offers for *packages*, as apt.offer() finds it. Raises HostError on a host without apt."""
    if not apt.is_here():
        source = "docker" if names is DOCKERS else "distro"
        raise HostError(
            f"builder_engine: {source} installs with apt-get (Debian, Ubuntu and derivatives), which is not on "
            f"this host: install what is missing yourself ({', '.join(packages)} on Debian), and set it to present"
        )
    return apt.offer(packages, names, version, new)


def install(found: Offer, check: t.Callable[[Offer], None]) -> None:
    """Install what was *found*. Fresh lists may change versions: *check* raises HostError if they are not supported."""
    try:
        _install(refreshed(found, check) if found.fresh else found)
    except apt.StaleListsError:
        _install(refreshed(found, check))


def refreshed(found: Offer, check: t.Callable[[Offer], None]) -> Offer:
    """The same offer, by the host's lists, which are refreshed. Raises HostError as *check* does."""
    apt.update()
    again = apt.offer(found.asked, found.names, found.version)
    check(again)
    return again


def _install(found: Offer) -> None:
    ours = RECORD.read().packages
    # Recorded before they are installed: a crash in between records too much, never too little.
    remember({**ours, **found.new})
    apt.install(found)
    remember({**ours, **apt.installed(found.new)})


def remember(packages: t.Mapping[str, str]) -> None:
    """Record the packages that are ours."""
    RECORD.update(lambda found: replace(found, packages=packages))
