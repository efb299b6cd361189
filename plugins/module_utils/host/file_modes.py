# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner and permissions of files, for those that a host's work or a secret depends on."""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.host import look as look_at
from ansible_collections.multiarch.builders.plugins.module_utils.host import watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import ANY, acting_as, read, write
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner, WriteFile


@dataclass(frozen=True)
class FileState:
    """A file or folder as in stat(2): *mode* as in chmod, *size* in bytes, *modified* in ns since 1970."""

    mode: int
    uid: int
    gid: int
    size: int = 0
    modified: int = 0


@dataclass(frozen=True)
class Rights:
    """The permitted and the required bits of the mode of *path*, which belongs to *owner* (root if None).

    *own_group*: the owner's own group may write, too, as with the umask of distributions that give each user a group.
    """

    path: str
    allowed: int
    needed: int
    owner: t.Optional[Owner] = None
    own_group: bool = False

    def mended(self, found: FileState) -> int:
        """The permitted mode closest to the current one."""
        own = self.own_group and self.owner is not None and found.gid == self.owner.gid
        allowed = self.allowed | (stat.S_IWGRP if own else 0)
        return (found.mode & (self.allowed if found.mode & ~allowed else allowed)) | self.needed


@dataclass(frozen=True)
class RestoreRights:
    """The step that restores *rights*."""

    rights: t.Tuple[Rights, ...]


def program(path: str) -> Rights:
    """A program of root's that any user may run."""
    return Rights(path, 0o755, 0o755)


def public(path: str) -> Rights:
    """A file of root's that any user may read."""
    return Rights(path, 0o644, 0o444)


def folder(path: str, owner: t.Optional[Owner] = None) -> Rights:
    """A folder that only its owner may write to; setgid is permitted, as in Debian's /usr/local."""
    return Rights(path, 0o2755, 0o500, owner, own_group=owner is not None)


def secret(path: str, owner: t.Optional[Owner] = None) -> Rights:
    """A file that only its owner may read."""
    return Rights(path, 0o700, 0o400, owner)


def look(path: str, owner: t.Optional[Owner] = None) -> t.Optional[FileState]:
    """The state of a file, None if missing; a user's file (*owner*) is accessed with the user's rights."""
    found: t.Optional[os.stat_result] = None
    try:
        with watch.spoiled_by(OSError, ValueError), acting_as(owner):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                found = at(path).stat()
            watch.saw("state", (path,), found)
    except (OSError, ValueError) as exc:
        raise HostError(f"{path} cannot be examined: {exc}") from exc
    if found is None:
        return None
    return FileState(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, found.st_size, found.st_mtime_ns)


def fault(found: t.Optional[FileState], rights: Rights) -> t.Optional[str]:
    """How a file differs from *rights*, as text; None if it does not, or is missing. Pure."""
    if found is None:
        return None
    told = []
    owner = rights.owner or Owner(0, 0)
    if found.uid != owner.uid:
        told.append(f"belongs to user {found.uid}, not to {owner.uid}")
    if found.mode != rights.mended(found):
        told.append(f"has mode {found.mode:04o}, not {rights.mended(found):04o}")
    return f"{rights.path} {' and '.join(told)}" if told else None


def faults(wanted: t.Iterable[Rights]) -> t.Dict[Rights, str]:
    """{key: how it differs, as text} for files on this host."""
    found = {each: fault(look(each.path, each.owner), each) for each in wanted}
    return {each: words for each, words in found.items() if words}


def restore(step: RestoreRights) -> None:
    """Set owner and mode, with the rights of a file's user, as a link in a user's folder must not redirect root.

    Raises HostError.
    """
    for each in step.rights:
        try:
            _restore(each)
        except OSError as exc:
            owner = "root" if each.owner is None else each.owner.uid
            raise HostError(
                f"{each.path} cannot be given its mode ({exc.strerror}): `chown {owner} {each.path}`"
            ) from exc


def _restore(rights: Rights) -> None:
    found = look(rights.path, rights.owner)
    if found is None:
        return
    mode, owner = rights.mended(found), rights.owner
    if owner is not None and found.uid != owner.uid and not look_at.is_folder(rights.path):
        # the user may not change it, but may replace it
        write(WriteFile(rights.path, read(rights.path, owner, ANY) or "", mode, owner))
        return
    with acting_as(owner):
        if owner is None and found.uid != 0:
            os.chown(at(rights.path), 0, 0)
        at(rights.path).chmod(mode)
