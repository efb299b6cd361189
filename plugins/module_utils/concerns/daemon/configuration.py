# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file daemon.json: replaced atomically, with its former version kept until dockerd runs with the new one."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.ours import Keys, Original
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import mode_of, read, remove, tidy, write
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Effect
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state import (
    data_moves,
    owned_keys,
    restart_due,
    rollback,
)

CREDENTIALS = re.compile(r"://[^/\s\"]+@")


@dataclasses.dataclass(frozen=True)
class WriteConfiguration:
    """The step that replaces *former* by *text* (None: no file).

    *effect* is how dockerd applies the new text: by a reload or a restart. *unproven*: dockerd was not seen to run with
    *former*, so it is not used for rollback. *mode* is that of the file, None to keep it.
    """

    text: t.Optional[str]
    former: t.Optional[str]
    keys: Keys
    former_keys: Keys
    effect: Effect
    unproven: bool = False
    mode: t.Optional[int] = None


def keys() -> Keys:
    """The managed keys of daemon.json."""
    found = RECORD.read()
    return Keys(found.owned, found.replaced)


def original() -> t.Optional[Original]:
    """The file before we changed it, None if unknown."""
    noted = RECORD.read().original
    if noted is None:
        return None
    text = read(noted.backup) if noted.backup else None
    return Original(text, noted.mode) if text is not None or noted.backup is None else None


def replace(step: WriteConfiguration) -> None:
    """Write daemon.json, unless someone else changed it since it was read."""
    if read(DAEMON_JSON) != step.former:
        raise HostError(f"{DAEMON_JSON} was changed by someone else during the run, and was not overwritten: run again")
    # Recorded before it is written: a crash in between is completed, or rolled back, by the next run.
    former = rollback.prepare(step.text, unproven=step.unproven)
    if not step.former_keys:
        RECORD.update(lambda found: dataclasses.replace(found, original=former))
    restart_due.note(step.effect)
    both = owned_keys.both(step.former_keys.owned, step.keys.owned)
    own(Keys(both, {**step.keys.replaced, **step.former_keys.replaced}))
    if step.text is None:
        remove(RemoveFile(DAEMON_JSON))
    else:
        mode = _mode(step.text) if step.mode is None else step.mode
        write(WriteFile(DAEMON_JSON, step.text, mode, keeps=True))


def settle(step: t.Optional[WriteConfiguration]) -> None:
    """dockerd runs with daemon.json, of *step* or of an earlier run: forget the version before *step*."""
    if step is not None:
        own(step.keys)
    rollback.forget()
    data_moves.settle()


def put_back() -> None:
    """The file before it was replaced."""
    rollback.take()
    restart_due.forget(Effect.CONFIGURATION_CHANGES)
    restart_due.forget(Effect.CONFIGURATION_RELOADS)


def own(ours: Keys) -> None:
    """Record the managed keys; without any, the original file is no longer needed."""
    RECORD.update(
        lambda found: dataclasses.replace(
            found, owned=ours.owned, replaced=ours.replaced, original=found.original if ours else None
        )
    )


def forget() -> None:
    """No key is managed any more, and the file is not changed."""
    own(Keys({}))
    tidy(DAEMON_JSON)


def _mode(text: str) -> int:
    """Unchanged, except that a file with a proxy's password is readable by root only."""
    return 0o600 if CREDENTIALS.search(text) else mode_of(DAEMON_JSON)
