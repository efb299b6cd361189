# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file daemon.json: replaced in one move, its former state kept until dockerd runs with the new one."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils import owned_document, pending, record, way_back
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.files import WriteFile, mode_of, read, write
from ansible_collections.multiarch.builders.plugins.module_utils.owned_document import Owned
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Effect
from ansible_collections.multiarch.builders.plugins.module_utils.way_back import DAEMON_JSON

_CONCERN = "daemon"
_CREDENTIALS = re.compile(r"://[^/\s\"]+@")


@dataclass(frozen=True)
class WriteConfiguration:
    """The step that replaces *former*. *effect* is how dockerd comes to know the new text: a reload or a restart.

    *unproven* says that dockerd was not seen to run with *former*: then it is no way back.
    """

    text: str
    former: t.Optional[str]
    owned: Owned
    formerly_owned: Owned
    effect: Effect
    unproven: bool = False


def owned_keys() -> Owned:
    """The keys of daemon.json that are ours."""
    return owned_document.from_record(record.load(_CONCERN).get("owned", ()))


def replace(step: WriteConfiguration) -> None:
    """Write daemon.json, unless somebody else did so since it was read."""
    if read(DAEMON_JSON) != step.former:
        raise HostError(f"{DAEMON_JSON} was changed by somebody else just now, and was left as it is: run again")
    # Noted and owned before it is written: a crash in between is finished, or taken back, by the next run.
    way_back.prepare(step.text, unproven=step.unproven)
    pending.note(step.effect)
    _own(owned_document.both(step.formerly_owned, step.owned))
    write(WriteFile(DAEMON_JSON, step.text, _mode(step.text)))


def settle(step: t.Optional[WriteConfiguration]) -> None:
    """dockerd runs with daemon.json, of *step* or of an earlier run: what was there before *step* is forgotten."""
    if step is not None:
        _own(step.owned)
    way_back.forget()


def put_back() -> None:
    """The file as it was before it was replaced."""
    way_back.take()
    pending.forget(Effect.CONFIGURATION_CHANGES)
    pending.forget(Effect.CONFIGURATION_RELOADS)


def _own(keys: Owned) -> None:
    record.save(_CONCERN, {**record.load(_CONCERN), "owned": owned_document.to_record(keys)})


def _mode(text: str) -> int:
    """As it is, but a proxy's password is for root alone."""
    return 0o600 if _CREDENTIALS.search(text) else mode_of(DAEMON_JSON)
