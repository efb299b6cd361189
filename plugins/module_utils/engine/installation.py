# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker and buildx from the distribution: which packages are missing, their installation, what of them is ours."""

from __future__ import annotations

import pathlib
import shutil
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils import record
from ansible_collections.multiarch.builders.plugins.module_utils.engine import apt
from ansible_collections.multiarch.builders.plugins.module_utils.engine.offer import (
    APPARMOR,
    BUILDX,
    CERTIFICATES,
    CLIENT,
    ENGINE,
    Offer,
)
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError

_CONCERN = "engine"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_APPARMOR = pathlib.Path("/sys/module/apparmor/parameters/enabled")


def is_there(program: str) -> bool:
    """Whether the host has *program*."""
    return shutil.which(program, path=_PATH) is not None


def missing(*, dockerd: bool, buildx: bool) -> t.Tuple[str, ...]:
    """The packages that the host lacks, where *dockerd* and *buildx* say whether those are there.

    Of what docker.io only recommends, two are needed: the certificates of public registries, and the program that loads
    the profile for containers where the kernel has AppArmor.
    """
    confined = is_there("apparmor_parser") or not _enabled(_APPARMOR)
    found = {
        ENGINE: dockerd,
        CLIENT: is_there("docker"),
        BUILDX: buildx,
        CERTIFICATES: is_there("update-ca-certificates"),
        APPARMOR: dockerd or confined,
    }
    return tuple(name for name, there in found.items() if not there)


def offer(packages: t.Sequence[str]) -> t.Optional[Offer]:
    """What the distribution has for *packages*, None if there are none. Raises HostError on a host without apt."""
    if not packages:
        return None
    if not apt.is_here():
        raise HostError(
            "builder_engine: distro installs with apt-get (Debian, Ubuntu and what is made of them), which is not on "
            f"this host: install what is missing yourself ({', '.join(packages)} on Debian), and set it to present"
        )
    return apt.offer(packages)


def install(found: Offer, check: t.Callable[[Offer], None]) -> None:
    """Install what was *found*. Fresh lists may bring other versions: *check* raises HostError if they do not serve."""
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
    ours = record.load(_CONCERN).get("packages", {})
    # Remembered before they are there: a crash in between leaves names too many, never one too few.
    _remember({**ours, **found.new})
    apt.install(found.asked)
    _remember({**ours, **apt.installed(found.new)})


def _remember(packages: t.Mapping[str, str]) -> None:
    record.save(_CONCERN, {**record.load(_CONCERN), "packages": dict(packages)})


def _enabled(parameter: pathlib.Path) -> bool:
    try:
        return parameter.read_text(encoding="ascii").strip() == "Y"
    except OSError:
        return False
