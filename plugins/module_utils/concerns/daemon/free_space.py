# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk space of dockerd and its containerd: if dockerd starts without any, it loses track of running containers.

See Docker.lists. dockerd stores its data in its data-root, containerd in a folder of its own.
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import nearest_folder

BYTES = 16 * 1024**2
"""dockerd writes far less at its start."""
INODES = 200


def shortage(*folders: str) -> t.Optional[str]:
    """What the file system of one of *folders* lacks, in words; None if there is room. One that is to be made counts.

    A file system may have no inode count, and one without blocks, such as /proc, reports no space.
    """
    return next(filter(None, map(_shortage, folders)), None)


def _shortage(folder: str) -> t.Optional[str]:
    try:
        found = look.file_system(nearest_folder(folder) or folder)
    except OSError:
        return None
    free = found.f_bfree * found.f_frsize
    if found.f_blocks and free < BYTES:
        return f"{folder} has {free // 1024} KiB left"
    if found.f_files and found.f_ffree < INODES:
        return f"{folder} has {found.f_ffree} inodes left"
    return None
