# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker and buildx from the distribution: which packages are missing."""

from __future__ import annotations

import pathlib
import shutil
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import (
    APPARMOR,
    BUILDX,
    CERTIFICATES,
    CLIENT,
    ENGINE,
)

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_APPARMOR = pathlib.Path("/sys/module/apparmor/parameters/enabled")


def is_there(program: str) -> bool:
    """Whether the host has *program*."""
    return shutil.which(program, path=PATH) is not None


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


def _enabled(parameter: pathlib.Path) -> bool:
    try:
        return parameter.read_text(encoding="ascii").strip() == "Y"
    except OSError:
        return False
