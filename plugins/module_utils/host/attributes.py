# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file has besides content, owner and mode, and what its replacement would lack: ACLs, SELinux' label."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import struct
import typing as t

_GET_FLAGS = 2 << 30 | struct.calcsize("l") << 16 | ord("f") << 8 | 1  # ioctl_iflags(2), FS_IOC_GETFLAGS
_IMMUTABLE, _APPEND_ONLY = 0x10, 0x20
ACL = "system.posix_acl_access"
_KEPT = (ACL, "security.selinux")
_OF_USERS = "user."

Attributes = t.Mapping[str, bytes]


def of(path: pathlib.Path) -> t.Dict[str, bytes]:
    """Those of the file at *path*; none of a missing one, of the target of a link, or on a file system without any.

    Others describe the content (security.ima, security.capability), or belong to the file system (trusted.overlay).
    """
    found = {}
    with contextlib.suppress(OSError):
        for name in os.listxattr(path, follow_symlinks=False):
            if name in _KEPT or name.startswith(_OF_USERS):
                found[name] = os.getxattr(path, name, follow_symlinks=False)
    return found


def give(descriptor: int, attributes: Attributes) -> None:
    """Set them on an open file, before its mode, which limits an ACL. Raises OSError for an ACL that cannot be set."""
    for name, value in attributes.items():
        try:
            os.setxattr(descriptor, name, value)
        except OSError:
            if name == ACL:  # without it the mode would let the file's group do what the ACL lets others
                raise


def locked(path: pathlib.Path) -> str:
    """The command that lets root change *path* again, "" if its flags (chattr(1)) do not prevent that."""
    for each in (path, path.parent):
        with contextlib.suppress(OSError):
            descriptor = os.open(each, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            try:
                (flags,) = struct.unpack_from("I", fcntl.ioctl(descriptor, _GET_FLAGS, bytes(struct.calcsize("l"))))
            finally:
                os.close(descriptor)
            found = [letter for letter, bit in (("i", _IMMUTABLE), ("a", _APPEND_ONLY)) if flags & bit]
            if found:
                return f"chattr -{''.join(found)} {each}"
    return ""
