# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon.json to go back to until dockerd runs with the one that took its place, also after a killed run."""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import (
    RemoveFile,
    WriteFile,
    back_up,
    mode_of,
    read,
    remove,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state import record

DAEMON_JSON = "/etc/docker/daemon.json"
_RECORD = "way-back"


def prepare(text: t.Optional[str], *, unproven: bool = False) -> t.Mapping[str, t.Any]:
    """Remember daemon.json as it is, before *text* (None: no file) takes its place: {backup: its copy, mode}.

    *unproven*, what it replaced is remembered on.
    """
    noted = record.load(_RECORD) if unproven else {"backup": back_up(DAEMON_JSON), "mode": mode_of(DAEMON_JSON)}
    record.save(_RECORD, {**noted, "replaced_by": _digest(text)})
    return noted


def forget() -> None:
    """dockerd runs with the new one."""
    if record.load(_RECORD):
        record.save(_RECORD, {})


def is_open() -> bool:
    """Whether daemon.json is one that dockerd was not seen to run with, and that nobody changed since."""
    noted = record.load(_RECORD)
    return bool(noted) and noted.get("replaced_by") == _digest(read(DAEMON_JSON))


def take() -> None:
    """The former daemon.json in its place again."""
    noted = record.load(_RECORD)
    if noted["backup"] is None:
        remove(RemoveFile(DAEMON_JSON))
    else:
        text = read(noted["backup"])
        if text is None:
            raise HostError(f"{DAEMON_JSON} cannot be put back, as its copy {noted['backup']} is gone")
        write(WriteFile(DAEMON_JSON, text, noted["mode"], keeps=True))
    forget()


def _digest(text: t.Optional[str]) -> str:
    return "no file" if text is None else hashlib.sha256(text.encode()).hexdigest()
