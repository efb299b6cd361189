# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are ours alone: written whole, remembered, removed when nobody asks for them.

One in a user's home is remembered with the user's name: it is removed with that user's rights, as it was written.
"""

from __future__ import annotations

import hashlib
import pwd
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils import certs_d, record
from ansible_collections.multiarch.builders.plugins.module_utils.files import (
    Owner,
    RemoveFile,
    WriteFile,
    back_up,
    remove,
    write,
)


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


def write_owned(concern: str, step: WriteFile) -> None:
    """Write a file and own it; one that was somebody else's so far is backed up."""
    memory = record.load(concern)
    files = memory.get("files", {})
    if step.path not in files:
        back_up(step.path, step.owner)
    # Remembered before it is written: a crash in between leaves a name too many, never one too few.
    memory["files"] = {**files, step.path: hashlib.sha256(step.content.encode()).hexdigest()}
    if step.owner is not None:
        memory["owners"] = {**memory.get("owners", {}), step.path: pwd.getpwuid(step.owner.uid).pw_name}
    record.save(concern, memory)
    write(step)


def remove_owned(concern: str, step: RemoveFile) -> None:
    """Remove a file that is ours, and forget it."""
    remove(step)
    forget_owned(concern, step.path)


def forget_owned(concern: str, path: str) -> None:
    """A file is no longer ours; it is not touched."""
    memory = record.load(concern)
    for name in ("files", "owners"):
        if name in memory:
            memory[name] = {key: value for key, value in memory[name].items() if key != path}
    record.save(concern, memory)
