# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are managed as a whole: written, remembered, removed when no longer wanted.

A foreign file that was replaced is then restored. So is a link: its target is somebody else's, such as the system's
bundle of CAs, and is not written. A file in a user's home is remembered with the user's name: it is written and removed
with that user's rights, also through a link. Folders created for a file are removed with the last one in them.
"""

from __future__ import annotations

import contextlib
import hashlib
import pathlib
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import (
    acting_as,
    back_up,
    copy_of,
    mode_of,
    read,
    remove,
    tidy,
    write,
    write_link,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user, me, name_of, owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner, RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile, without


@dataclass(frozen=True)
class FormerFile:
    """A replaced file: *backup* is its copy, None if nothing was there; *mode* as in chmod; *owner* if not root.

    Of a replaced link it is *link*, its target.
    """

    backup: t.Optional[str]
    mode: int
    link: t.Optional[str] = None
    owner: t.Optional[Owner] = None


@dataclass(frozen=True)
class WithFiles:
    """What a concern remembers about its managed files, by path: the SHA-256 of what it wrote.

    One that is kept away has "". *owners* are the users in whose homes files are, *former* are the replaced files,
    *replacing* is the SHA-256 of the file being replaced. *folders* were created for them.
    """

    files: t.Mapping[str, str] = field(default_factory=dict)
    owners: t.Mapping[str, str] = field(default_factory=dict)
    former: t.Mapping[str, FormerFile] = field(default_factory=dict)
    replacing: t.Mapping[str, str] = field(default_factory=dict)
    folders: t.Tuple[str, ...] = ()


R = t.TypeVar("R", bound=WithFiles)


def leftovers(
    ours: t.Iterable[str], wanted: t.Sequence[WriteFile], owners: t.Optional[t.Mapping[str, Owner]] = None
) -> t.Tuple[RemoveFile, ...]:
    """Managed files (their paths) that are no longer wanted; *owners* says which are a user's."""
    paths = {each.path for each in wanted}
    return tuple(
        RemoveFile(path, folder=certs_d.holds(path), owner=(owners or {}).get(path))
        for path in sorted(set(ours) - paths)
    )


def is_as_written(record: RecordFile[R], path: str, owner: t.Optional[Owner] = None) -> bool:
    """Whether a managed file is unchanged since we wrote it; a missing one counts as unchanged."""
    text, found = read(path, owner, errors="replace"), record.read()
    return text is None or _digest(text) in (found.files.get(path), found.replacing.get(path))


def write_owned(record: RecordFile[R], step: WriteFile) -> None:
    """Write a file and manage it; a foreign file is backed up, to be restored later."""
    # Recorded before it is written: a crash in between records too much, never too little.
    record.update(lambda found: _with(found, step))
    write(step if step.owner is not None else replace(step, follows=False))
    record.update(lambda found: replace(found, replacing=without(found.replacing, step.path)))


def _with(found: R, step: WriteFile) -> R:
    """The record for the file of *step*, which is about to be written."""
    path = step.path
    if path in found.files:
        found = replace(found, replacing={**found.replacing, path: found.files[path]})
    else:
        former = None if _is_another(step, found.files) else _former(step)
        if former is not None:
            found = replace(found, former={**found.former, path: former})
        found = replace(found, folders=tuple(sorted({*found.folders, *_missing_folders(step)})))
    if step.owner is not None:
        found = replace(found, owners={**found.owners, path: name_of(step.owner.uid)})
    return replace(found, files={**found.files, path: _digest(step.content)})


def _is_another(step: WriteFile, ours: t.Iterable[str]) -> bool:
    """Whether the present file is one of *ours* by another path, as a folder may be a link."""
    with acting_as(step.owner):
        if not look.exists(step.path) or (step.owner is None and look.link(step.path) is not None):
            return False
    real = look.real(step.path)
    return any(look.real(each) == real for each in ours)


def set_aside(record: RecordFile[R], step: RemoveFile) -> None:
    """Remove a file as long as ours are beside its place; a foreign one is backed up, to be restored later.

    remove_owned() with the same step restores it.
    """
    record.update(lambda found: _without(found, step))
    remove(step)
    record.update(lambda found: replace(found, folders=_left_of(found, step)))


def _without(found: R, step: RemoveFile) -> R:
    """The record for the file of *step*, which is about to be removed, and which only a former one keeps there."""
    path = step.path
    former = found.former.get(path) if path in found.files else _former(step)
    if former is None or (former.backup is None and former.link is None):
        return replace(found, files=without(found.files, path), owners=without(found.owners, path))
    owners = {path: name_of(step.owner.uid)} if step.owner is not None else {}
    return replace(
        found,
        files={**found.files, path: ""},
        owners={**found.owners, **owners},
        former={**found.former, path: former},
    )


def remove_owned(record: RecordFile[R], step: RemoveFile) -> None:
    """Remove a managed file, or restore the one that it replaced, and forget it."""
    former = record.read().former.get(step.path)
    if former is not None and former.link is not None:
        write_link(step.path, former.link)
    elif former is None or former.backup is None:
        remove(step)
    elif look.exists(former.backup) or _is_ours(record, step):
        text, follows = copy_of(step.path, former.backup), step.owner is not None
        write(WriteFile(step.path, text, former.mode, step.owner, follows=follows, given=former.owner))
    record.update(lambda found: replace(found, folders=_left_of(found, step)))
    forget_owned(record, step.path)


def _is_ours(record: RecordFile[R], step: RemoveFile) -> bool:
    """Whether our file is there: without its copy, a missing or another one is what someone made of it by hand."""
    return read(step.path, step.owner, errors="replace") is not None and is_as_written(record, step.path, step.owner)


def forget_owned(record: RecordFile[R], path: str) -> None:
    """A file is no longer managed; it is not changed."""
    user = record.read().owners.get(path)
    if user is None or is_user(user):
        tidy(path, None if user is None else owner_of(user))
    record.update(
        lambda found: replace(
            found,
            files=without(found.files, path),
            owners=without(found.owners, path),
            former=without(found.former, path),
            replacing=without(found.replacing, path),
        )
    )


def _former(step: t.Union[WriteFile, RemoveFile]) -> t.Optional[FormerFile]:
    """The copy, mode and owner of the current file, or the target of a link that is replaced; None if there is none.

    A user's file is always the user's.
    """
    link = look.link(step.path) if step.owner is None else None
    if link is not None:
        return FormerFile(None, 0o777, link)
    backup = back_up(step.path, step.owner)
    if backup is None:
        return None
    with acting_as(step.owner):
        mode, found = mode_of(step.path), look.state(step.path)
    owner = Owner(found.st_uid, found.st_gid) if found is not None and step.owner is None else None
    return FormerFile(backup, mode, owner=None if owner == me() else owner)


def _missing_folders(step: WriteFile) -> t.List[str]:
    with acting_as(step.owner):
        return [str(each) for each in pathlib.PurePath(step.path).parents if not look.exists(each)]


def _left_of(found: WithFiles, step: RemoveFile) -> t.Tuple[str, ...]:
    """The folders that we created, except those that are removed with the file, as nothing else is in them."""
    made = found.folders
    others = [pathlib.PurePath(each) for each in found.files if each != step.path]
    for folder in pathlib.PurePath(step.path).parents:
        if str(folder) not in made or any(folder in each.parents for each in others):
            continue
        with acting_as(step.owner), contextlib.suppress(OSError):
            at(folder).rmdir()
        made = tuple(each for each in made if each != str(folder))
    return made


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
