# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker and buildx from the distribution: which packages are missing."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import (
    APPARMOR,
    BUILDX,
    CERTIFICATES,
    CLIENT,
    ENGINE,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host import look

_APPARMOR = "/sys/module/apparmor/parameters/enabled"


def missing(*, dockerd: bool, buildx: bool) -> t.Tuple[str, ...]:
    """The packages that the host lacks, where *dockerd* and *buildx* say whether those are there.

    Of what docker.io only recommends, two are needed: the certificates of public registries, and the program that loads
    the profile for containers where the kernel has AppArmor.
    """
    confined = look.program("apparmor_parser") or (look.text(_APPARMOR) or "").strip() != "Y"
    found = {
        ENGINE: dockerd,
        CLIENT: look.program("docker"),
        BUILDX: buildx,
        CERTIFICATES: look.program("update-ca-certificates"),
        APPARMOR: dockerd or confined,
    }
    return tuple(name for name, there in found.items() if not there)
