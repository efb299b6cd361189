# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the host: written atomically, with the former version kept."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import pathlib
import re
import stat
import tempfile
import time
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host import attributes, look, watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import me
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner, RemoveFile, WriteFile

HOME = "/var/lib/multiarch-builders"
BACKUPS = f"{HOME}/backups"
LARGEST = 64 * 1024**2
"""Maximum size of a file to read, in bytes; more than the largest expected one, a bundle of CAs."""
ANY = "surrogateescape"
"""How to read what may be no text, to compare it or to write it elsewhere byte by byte: write() knows it."""
_LONGEST_NAME = 200  # bytes of a path in the name of its copy


@contextlib.contextmanager
def acting_as(owner: t.Optional[Owner]) -> t.Iterator[None]:
    """Access files with the rights of *owner*: a link in a user's folder must not redirect root."""
    if owner is None or os.geteuid() != 0 or owner.uid == 0:
        yield
        return
    groups, gid = os.getgroups(), os.getegid()
    try:
        os.setgroups([owner.gid])
        os.setegid(owner.gid)
        os.seteuid(owner.uid)
        yield
    finally:
        os.seteuid(0)
        os.setegid(gid)
        os.setgroups(groups)


def read(path: str, owner: t.Optional[Owner] = None, errors: str = "strict") -> t.Optional[str]:
    """The text of a file, None if missing; a user's file (*owner*) is read with the user's rights.

    *errors* is how to handle invalid UTF-8, as in str.decode().
    """
    found: t.Optional[bytes] = None
    try:
        with watch.spoiled_by(OSError, ValueError), acting_as(owner):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                found = _content(path)
            watch.saw("content", (path,), found)
        return None if found is None else found.decode("utf-8", errors)  # ends of lines as they are
    except (OSError, ValueError) as exc:
        raise HostError(f"{path} cannot be read: {exc}") from exc


def _content(path: str) -> bytes:
    """The content of a regular file: a device has no end, and a pipe would block."""
    descriptor = os.open(at(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        if state.st_size > LARGEST:
            raise OSError(errno.EFBIG, f"it is larger than {LARGEST} bytes")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def mode_of(path: str, otherwise: int = 0o644) -> int:
    """The mode of a file, to keep secrets secret when it is rewritten; *otherwise* if it does not exist."""
    found = look.state(path)
    return otherwise if found is None else found.st_mode & 0o7777


def differs(wanted: WriteFile) -> bool:
    """Whether *wanted* changes anything: content, mode or owner."""
    if read(wanted.path, wanted.owner, errors=ANY) != wanted.content:
        return True
    owner = wanted.owner or me()  # as write() makes it
    with acting_as(wanted.owner):  # root may see nothing in a home on a network
        found = look.state(wanted.path)
    return found is None or (found.st_mode & 0o7777, found.st_uid, found.st_gid) != (wanted.mode, owner.uid, owner.gid)


def write(step: WriteFile) -> None:
    """Replace *step.path* atomically: other processes see the old file or the new one, also after a crash."""
    owner = step.given or step.owner or me()
    try:
        with acting_as(step.owner):
            path = pathlib.Path(os.path.realpath(at(step.path))) if step.follows else at(step.path)
            if not path.is_symlink() and path.exists() and not (path.is_file() or path.is_dir()):
                raise OSError(errno.EINVAL, "it is not a regular file")  # /dev/null would become one
            make_folders(path.parent, 0o700 if step.owner else 0o755)
            if step.keeps and path.exists():
                owner = _kept(path.stat(), step.owner)
            _replace(path, step.content.encode(errors=ANY), step.mode, owner)
    except (OSError, ValueError) as exc:
        raise _refused(step.path, "written", exc) from exc


def _kept(found: os.stat_result, user: t.Optional[Owner]) -> Owner:
    """The owner of a file's replacement. Of a *user*'s file it is the group alone: only root gives a file away."""
    if user is None or found.st_uid == user.uid:
        return Owner(found.st_uid, found.st_gid)
    return user


def write_link(path: str, target: str) -> None:
    """Replace root's file *path* atomically with a link to *target*."""
    place = at(path)
    temporary = place.with_name(f".{place.name}.{os.getpid()}.the_link")  # as remove_leftovers() knows it
    try:
        make_folders(place.parent)
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(target)
        temporary.replace(place)
        sync_folder(place.parent)
    except OSError as exc:
        raise _refused(path, "written", exc) from exc


def write_bytes(path: str, content: bytes, mode: int) -> None:
    """Replace a file of root's atomically, as write() does."""
    try:
        make_folders(at(path).parent)
        _replace(at(path), content, mode, me())
    except OSError as exc:
        raise _refused(path, "written", exc) from exc


def _replace(path: pathlib.Path, content: bytes, mode: int, owner: Owner) -> None:
    remove_leftovers(path)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.{os.getpid()}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _own(file.fileno(), owner)
            attributes.give(file.fileno(), attributes.of(path))
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        pathlib.Path(temporary).replace(path)
    except OSError:
        pathlib.Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _own(descriptor: int, owner: Owner) -> None:
    """Give away an open file; root does that for a user who is not in the group."""
    try:
        os.fchown(descriptor, owner.uid, owner.gid)
    except PermissionError:
        user = os.geteuid()
        if os.getuid() != 0 or user == 0:
            raise
        os.seteuid(0)
        try:
            os.fchown(descriptor, owner.uid, owner.gid)
        finally:
            os.seteuid(user)


def remove_leftovers(path: pathlib.Path) -> None:
    """The temporary files for *path* that killed processes left; names in any other form are foreign."""
    for each in path.parent.glob(f".{glob.escape(path.name)}.*.*"):
        found = re.fullmatch(r"([0-9]+)\.[a-z0-9_]{8}", each.name[len(path.name) + 2 :])  # as mkstemp() makes it
        if found:
            with contextlib.suppress(FileNotFoundError):  # another run was faster
                if not look.lives(int(found.group(1)), each.lstat().st_mtime):
                    each.unlink()


def tidy(path: str, owner: t.Optional[Owner] = None) -> None:
    """Remove the temporary files for *path*, for what will not be written again; they may hold its secrets.

    Beside a link, which is replaced, and beside its target, which is written (WriteFile.follows).
    """
    with acting_as(owner):
        for place in (os.path.abspath, os.path.realpath):
            with contextlib.suppress(OSError, ValueError):
                remove_leftovers(pathlib.Path(place(at(path))))


def remove(step: RemoveFile) -> None:
    """Remove the file; it need not exist."""
    path = at(step.path)
    tidy(step.path, step.owner)
    try:
        with acting_as(step.owner):
            with contextlib.suppress(NotADirectoryError):  # someone put a file in place of its folder
                path.unlink(missing_ok=True)
            folder = path.parent
            if step.folder and folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
                folder.rmdir()
    except (OSError, ValueError) as exc:
        raise _refused(step.path, "removed", exc) from exc


def _refused(path: str, what: str, exc: Exception) -> HostError:
    """The error about a file that cannot be changed; the kernel does not say that someone made it immutable."""
    command = attributes.locked(at(look.real(path))) if isinstance(exc, PermissionError) else ""
    remedy = f"It is protected from changes: run `{command}`" if command else ""
    return HostError(f"{path} cannot be {what}: {exc}", remedy=remedy)


def nearest_folder(path: str) -> t.Optional[pathlib.Path]:
    """*path* if it is a folder, else its closest existing parent; None if even / is not accessible."""
    place = pathlib.Path(path)
    return next((each for each in (place, *place.parents) if look.is_folder(each)), None)


def make_folders(folder: pathlib.Path, mode: int = 0o755) -> None:
    """Create *folder* and its missing parents. Raises OSError."""
    folder = at(folder)
    for each in reversed((folder, *folder.parents)):
        if not each.exists():
            with contextlib.suppress(FileExistsError):
                each.mkdir(mode=mode)


def sync_folder(folder: pathlib.Path) -> None:
    """Make a rename in *folder* survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def back_up(path: str, owner: t.Optional[Owner] = None) -> t.Optional[str]:
    """Copy *path*, with the rights of *owner*, to the backups (root's only); its new path, None if missing."""
    text = read(path, owner, errors=ANY)
    if text is None:
        return None
    target = backup_path(path)
    write(WriteFile(target, text, mode=0o600))
    return target


def copy_of(path: str, backup: str) -> str:
    """The text of *backup*, the copy of *path*. Raises HostError if it is gone."""
    text = read(backup, errors=ANY)
    if text is None:
        raise no_copy(path, backup)
    return text


def no_copy(path: str, backup: str) -> HostError:
    """The error about a *path* whose copy is gone."""
    return HostError(
        f"{path} cannot be restored, as its copy {backup} is missing",
        remedy="Restore the file manually, or remove it, then run again",
    )


def backup_path(path: str) -> str:
    """The path for a copy of *path* as it is now; creates the folder."""
    stamp = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}.{time.time_ns() % 10**9:09}"
    try:
        make_folders(pathlib.Path(BACKUPS), 0o700)
    except OSError as exc:
        raise HostError(f"{BACKUPS} cannot be created: {exc}") from exc
    name = os.fsdecode(os.fsencode(path.strip("/").replace("/", "_"))[-_LONGEST_NAME:])
    return f"{BACKUPS}/{name}.{stamp}"
