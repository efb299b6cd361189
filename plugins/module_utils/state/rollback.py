# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon.json to restore until dockerd runs with its replacement, also after a killed run."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.host.files import (
    back_up,
    copy_of,
    mode_of,
    read,
    remove,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import FormerFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclass(frozen=True)
class Rollback:
    """*backup* is a copy of daemon.json, None if there was none, with its *mode*.

    *replaced_by* is the digest of its replacement, "" once dockerd runs with that.
    """

    backup: t.Optional[str] = None
    mode: int = 0o644
    replaced_by: str = ""


RECORD = RecordFile("way-back", Rollback)


def prepare(text: t.Optional[str], *, unproven: bool = False) -> FormerFile:
    """Record daemon.json before *text* (None: no file) replaces it: its copy and mode.

    If it is *unproven*, the record of the file that it replaced is kept.
    """
    former = None if unproven else FormerFile(back_up(DAEMON_JSON), mode_of(DAEMON_JSON))

    def changed(found: Rollback) -> Rollback:
        kept = found if former is None else Rollback(former.backup, former.mode)
        return replace(kept, replaced_by=_digest(text))

    noted = RECORD.update(changed)
    return FormerFile(noted.backup, noted.mode)


def forget() -> None:
    """dockerd runs with the new file."""
    RECORD.update(lambda _found: Rollback())


def is_open() -> bool:
    """Whether daemon.json is one that dockerd was not seen to run with, unchanged since it was written."""
    return RECORD.read().replaced_by == _digest(read(DAEMON_JSON))


def take() -> None:
    """Restore the former daemon.json."""
    noted = RECORD.read()
    if noted.backup is None:
        remove(RemoveFile(DAEMON_JSON))
    else:
        write(WriteFile(DAEMON_JSON, copy_of(DAEMON_JSON, noted.backup), noted.mode, keeps=True))
    forget()


def _digest(text: t.Optional[str]) -> str:
    return "no file" if text is None else hashlib.sha256(text.encode()).hexdigest()
