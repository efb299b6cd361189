# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker and buildx from packages: which are missing, and whose the installed ones are."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.package_names import (
    APPARMOR,
    CERTIFICATES,
    DISTRIBUTION,
    EXCLUDING,
    Names,
    has_program,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host import look

_APPARMOR = "/sys/module/apparmor/parameters/enabled"


def missing(names: Names = DISTRIBUTION, *, dockerd: bool, buildx: bool) -> t.Tuple[str, ...]:
    """The packages that the host lacks, where *dockerd* and *buildx* say whether those are there.

    Of what docker.io and docker-ce only recommend, two are needed: the certificates of public registries, and the
    program that loads the profile for containers where the kernel has AppArmor.
    """
    confined = look.program("apparmor_parser") or (look.text(_APPARMOR) or "").strip() != "Y"
    found = {
        names.engine: dockerd,
        names.client: look.program("docker"),
        names.buildx: buildx,
        CERTIFICATES: look.program("update-ca-certificates"),
        APPARMOR: dockerd or confined,
    }
    return tuple(name for name, there in found.items() if not there)


def excluding() -> t.Tuple[str, ...]:
    """The installed packages beside which Docker's own cannot be installed."""
    return tuple(name for name, program in EXCLUDING.items() if has(name, program))


def has(package: str, program: str) -> bool:
    """Whether *program* is here from *package*, by dpkg's list of its files (dpkg-query(1))."""
    return has_program(look.text(f"/var/lib/dpkg/info/{package}.list") or "", program)
