# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are ours alone: written whole, remembered with their owner's name, removed when nobody asks for them."""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils import certs_d, record
from ansible_collections.multiarch.builders.plugins.module_utils.files import (
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


def leftovers(ours: t.Iterable[str], wanted: t.Sequence[WriteFile]) -> t.Tuple[RemoveFile, ...]:
    """Files that are ours (their paths) and no longer wanted."""
    paths = {each.path for each in wanted}
    return tuple(RemoveFile(path, folder=path.startswith(certs_d.ROOT)) for path in sorted(set(ours) - paths))


def write_owned(concern: str, step: WriteFile) -> None:
    """Write a file and own it; one that was somebody else's so far is backed up."""
    files = owned(concern)
    if step.path not in files:
        back_up(step.path)
    # Remembered before it is written: a crash in between leaves a name too many, never one too few.
    digest = hashlib.sha256(step.content.encode()).hexdigest()
    record.save(concern, {**record.load(concern), "files": {**files, step.path: digest}})
    write(step)


def remove_owned(concern: str, step: RemoveFile) -> None:
    """Remove a file that is ours, and forget it."""
    remove(step)
    kept = {path: digest for path, digest in owned(concern).items() if path != step.path}
    record.save(concern, {**record.load(concern), "files": kept})
