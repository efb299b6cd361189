# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are ours alone: written whole, remembered, removed when nobody asks for them.

One that was somebody else's before us is put back then. One in a user's home is remembered with the user's name: it is
removed with that user's rights, as it was written. Folders that we made for a file go with the last one in them.
"""

from __future__ import annotations

import contextlib
import hashlib
import pathlib
import pwd
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.host.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import (
    Owner,
    RemoveFile,
    WriteFile,
    acting_as,
    back_up,
    mode_of,
    read,
    remove,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state import record

_AT_TIMES = ("folders", "former", "replacing")


def owned(concern: str) -> t.Mapping[str, str]:
    """{path: SHA-256 of the content} of the files that *concern* wrote."""
    found: t.Mapping[str, str] = record.load(concern).get("files", {})
    return found


def owners(concern: str) -> t.Mapping[str, str]:
    """{path: name of the user} of the files that are in a user's home."""
    found: t.Mapping[str, str] = record.load(concern).get("owners", {})
    return found


def leftovers(
    ours: t.Iterable[str], wanted: t.Sequence[WriteFile], owners: t.Optional[t.Mapping[str, Owner]] = None
) -> t.Tuple[RemoveFile, ...]:
    """Files that are ours (their paths) and no longer wanted; *owners* says which are a user's."""
    paths = {each.path for each in wanted}
    return tuple(
        RemoveFile(path, folder=certs_d.holds(path), owner=(owners or {}).get(path))
        for path in sorted(set(ours) - paths)
    )


def is_as_written(concern: str, path: str, owner: t.Optional[Owner] = None) -> bool:
    """Whether nobody changed a file of ours since we wrote it; one that is gone is not changed."""
    text = read(path, owner, errors="replace")
    memory = record.load(concern)
    digests = [memory.get(name, {}).get(path) for name in ("files", "replacing")]
    return text is None or _digest(text) in digests


def was_theirs(concern: str, path: str) -> bool:
    """Whether a file of ours took the place of somebody else's."""
    return path in record.load(concern).get("former", {})


def write_owned(concern: str, step: WriteFile) -> None:
    """Write a file and own it; one that was somebody else's so far is backed up, to be put back in the end."""
    memory = record.load(concern)
    files = memory.get("files", {})
    if step.path in files:
        memory["replacing"] = {**memory.get("replacing", {}), step.path: files[step.path]}
    else:
        memory["folders"] = sorted({*memory.get("folders", []), *_missing_folders(step)})
        former = _former(step)
        if former is not None:
            memory["former"] = {**memory.get("former", {}), step.path: former}
    # Remembered before it is written: a crash in between leaves a name too many, never one too few.
    memory["files"] = {**files, step.path: _digest(step.content)}
    if step.owner is not None:
        memory["owners"] = {**memory.get("owners", {}), step.path: pwd.getpwuid(step.owner.uid).pw_name}
    record.save(concern, memory)
    write(step)
    _forget(concern, step.path, ("replacing",))


def remove_owned(concern: str, step: RemoveFile) -> None:
    """Remove a file that is ours, or put back what it took the place of, and forget it."""
    former = record.load(concern).get("former", {}).get(step.path)
    if former is None:
        remove(step)
    else:
        text = read(former["backup"])
        if text is None:
            raise HostError(
                f"{step.path} cannot be put back, as its copy {former['backup']} is gone: put the file back by hand, or"
                " remove it, then run again"
            )
        write(WriteFile(step.path, text, former["mode"], step.owner))
    _tidy(concern, step)
    forget_owned(concern, step.path)


def forget_owned(concern: str, path: str) -> None:
    """A file is no longer ours; it is not touched."""
    _forget(concern, path, ("files", "owners", "former", "replacing"))


def _forget(concern: str, path: str, names: t.Iterable[str]) -> None:
    memory = record.load(concern)
    for name in names:
        if name in memory:
            memory[name] = {key: value for key, value in memory[name].items() if key != path}
    _save(concern, memory)


def _former(step: WriteFile) -> t.Optional[t.Dict[str, t.Any]]:
    """The copy of what is there now, and its mode; None if there is nothing."""
    backup = back_up(step.path, step.owner)
    if backup is None:
        return None
    with acting_as(step.owner):
        return {"backup": backup, "mode": mode_of(step.path)}


def _missing_folders(step: WriteFile) -> t.List[str]:
    with acting_as(step.owner):
        return [str(each) for each in pathlib.Path(step.path).parents if not each.exists()]


def _tidy(concern: str, step: RemoveFile) -> None:
    """Remove the folders that we made for the file, unless something else is in them by now."""
    memory = record.load(concern)
    made = memory.get("folders", [])
    others = [pathlib.Path(each) for each in memory.get("files", {}) if each != step.path]
    for folder in pathlib.Path(step.path).parents:
        if str(folder) not in made or any(folder in each.parents for each in others):
            continue
        with acting_as(step.owner), contextlib.suppress(OSError):
            folder.rmdir()
        made = [each for each in made if each != str(folder)]
    _save(concern, {**memory, "folders": made})


def _save(concern: str, memory: t.Mapping[str, t.Any]) -> None:
    """Remember *memory*, without names of what there is nothing of."""
    record.save(concern, {name: value for name, value in memory.items() if value or name not in _AT_TIMES})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
