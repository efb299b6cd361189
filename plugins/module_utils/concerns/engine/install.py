# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker and buildx from the distribution: their installation, and the packages that are ours."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import apt
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import Offer
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError


def offer(packages: t.Sequence[str]) -> Offer:
    """The distribution's offer for *packages*. Raises HostError on a host without apt."""
    if not apt.is_here():
        raise HostError(
            "builder_engine: distro installs with apt-get (Debian, Ubuntu and derivatives), which is not on "
            f"this host: install what is missing yourself ({', '.join(packages)} on Debian), and set it to present"
        )
    return apt.offer(packages)


def install(found: Offer, check: t.Callable[[Offer], None]) -> None:
    """Install what was *found*. Fresh lists may change versions: *check* raises HostError if they are not supported."""
    try:
        _install(_refreshed(found, check) if found.fresh else found)
    except apt.StaleListsError:
        _install(_refreshed(found, check))


def _refreshed(found: Offer, check: t.Callable[[Offer], None]) -> Offer:
    apt.update()
    again = apt.offer(found.asked)
    check(again)
    return again


def _install(found: Offer) -> None:
    ours = RECORD.read().packages
    # Recorded before they are installed: a crash in between records too much, never too little.
    _remember({**ours, **found.new})
    apt.install(found.asked)
    _remember({**ours, **apt.installed(found.new)})


def _remember(packages: t.Mapping[str, str]) -> None:
    RECORD.update(lambda found: replace(found, packages=packages))
