# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file has besides content, owner and mode, and what its replacement would lack: ACLs, SELinux' label."""

from __future__ import annotations

import contextlib
import os
import pathlib
import typing as t

ACL = "system.posix_acl_access"
_KEPT = (ACL, "security.selinux")
_OF_USERS = "user."

Attributes = t.Mapping[str, bytes]


def of(path: pathlib.Path) -> t.Dict[str, bytes]:
    """Those of the file at *path*; none of a missing one, or on a file system without any.

    Others describe the content (security.ima, security.capability), or belong to the file system (trusted.overlay).
    """
    found = {}
    with contextlib.suppress(OSError):
        for name in os.listxattr(path):
            if name in _KEPT or name.startswith(_OF_USERS):
                found[name] = os.getxattr(path, name)
    return found


def give(descriptor: int, attributes: Attributes) -> None:
    """Set them on an open file, before its mode, which limits an ACL. Raises OSError for an ACL that cannot be set."""
    for name, value in attributes.items():
        try:
            os.setxattr(descriptor, name, value)
        except OSError:
            if name == ACL:  # without it the mode would let the file's group do what the ACL lets others
                raise
