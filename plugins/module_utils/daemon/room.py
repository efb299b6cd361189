# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room on dockerd's disk: one that starts without any loses sight of containers, which run on (docker_api.lists)."""

from __future__ import annotations

import os
import typing as t

BYTES = 16 * 1024**2
"""What dockerd writes at its start is far less."""
INODES = 200


def shortage(folder: str) -> t.Optional[str]:
    """What *folder*'s file system lacks, in words; None if there is room. A file system may have no count of inodes."""
    try:
        found = os.statvfs(folder)
    except OSError:  # dockerd will make it
        return None
    free = found.f_bfree * found.f_frsize
    if free < BYTES:
        return f"{folder} has {free // 1024} KiB left"
    if found.f_files and found.f_ffree < INODES:
        return f"{folder} has {found.f_ffree} inodes left"
    return None
