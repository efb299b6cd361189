# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file daemon.json: replaced in one move, its former state kept and put back."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils import pending, record
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.files import (
    RemoveFile,
    WriteFile,
    back_up,
    mode_of,
    read,
    remove,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.merge_patch import Path
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Effect

PATH = "/etc/docker/daemon.json"
CONCERN = "daemon"
_CREDENTIALS = re.compile(r"://[^/\s\"]+@")


@dataclass(frozen=True)
class WriteConfiguration:
    """The step that replaces daemon.json. *former*, *formerly_owned* and *former_mode* are what to go back to."""

    text: str
    former: t.Optional[str]
    owned: t.Tuple[Path, ...]
    formerly_owned: t.Tuple[Path, ...]
    former_mode: int = field(default_factory=lambda: mode_of(PATH))


def owned_keys() -> t.Tuple[Path, ...]:
    """The keys of daemon.json that are ours."""
    return tuple(tuple(path) for path in record.load(CONCERN).get("owned", ()))


def replace(step: WriteConfiguration) -> None:
    """Write daemon.json, unless somebody else did so since it was read."""
    if read(PATH) != step.former:
        raise HostError(f"{PATH} was changed by somebody else just now, and was left as it is: run again")
    back_up(PATH)
    # Noted and owned before it is written: a crash in between is finished by the next run.
    pending.note(Effect.CONFIGURATION_CHANGES)
    _own({*step.formerly_owned, *step.owned})
    write(WriteFile(PATH, step.text, _mode(step.text)))
    _own(step.owned)


def put_back(step: WriteConfiguration) -> None:
    """The file as it was before *step*."""
    if step.former is None:
        remove(RemoveFile(PATH))
    else:
        write(WriteFile(PATH, step.former, step.former_mode))
    _own(step.formerly_owned)
    pending.forget(Effect.CONFIGURATION_CHANGES)


def _own(keys: t.Iterable[Path]) -> None:
    record.save(CONCERN, {**record.load(CONCERN), "owned": sorted(keys)})


def _mode(text: str) -> int:
    """As it is, but a proxy's password is for root alone."""
    return 0o600 if _CREDENTIALS.search(text) else mode_of(PATH)
