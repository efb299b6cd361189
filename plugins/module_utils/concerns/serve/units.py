# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd's view of a served builder, and how it is started and stopped."""

from __future__ import annotations

import json
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import (
    BUILDKIT_SOCKET,
    LOADED,
    SERVICE,
    SOCKET,
    STARTED,
    USER,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.plan import Loaded, Start
from ansible_collections.multiarch.builders.plugins.module_utils.host import files, look, watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import must, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user, owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

_PATIENCE = 15.0  # seconds for the program to load its files
_PAUSE = 0.1


@dataclass(frozen=True)
class Connections:
    """How many clients are connected."""

    count: int

    def __bool__(self) -> bool:
        return self.count > 0

    def __str__(self) -> str:
        return f"{self.count} connection{'' if self.count == 1 else 's'} of clients to the served builder"


def connections() -> Connections:
    """Those of now: systemd counts the processes that it has started for them."""
    with watch.unwatched():
        shown = run(["systemctl", "show", "--property=NConnections", "--value", BUILDKIT_SOCKET]).stdout.strip()
    return Connections(int(shown) if shown.isdigit() else 0)


def look_at_all() -> t.Tuple[bool, t.FrozenSet[str]]:
    """(whether all units run, and start at each boot; those that were written since systemd has read them)."""
    shown = run(["systemctl", "show", "--property=ActiveState,UnitFileState,NeedDaemonReload", *STARTED]).stdout
    blocks = [set(each.split("\n")) for each in shown.strip().split("\n\n")]
    runs = all({"ActiveState=active", "UnitFileState=enabled"} <= each for each in blocks)
    unread = (name for name, block in zip(STARTED, blocks) if "NeedDaemonReload=yes" in block)
    return runs and len(blocks) == len(STARTED), frozenset(unread)


def listens() -> bool:
    """Whether our own socket is open."""
    with watch.unwatched():
        return run(["systemctl", "is-active", SOCKET]).stdout.strip() == "active"


def loaded() -> t.Optional[Loaded]:
    """What the running program says that it has loaded, read with its own rights; None if it does not run."""
    try:
        text = files.read(LOADED, owner_of(USER)) if is_user(USER) else None
        found = json.loads(text or "null")
        return Loaded(*(str(found[name]) for name in ("program", "files", "error"))) if found else None
    except (HostError, ValueError, KeyError, TypeError):
        return None


def start(step: Start) -> None:
    """Start all units, with what is on disk now.

    A socket that moves is closed first: after a kill in between, nothing else would show that it is the former one.
    """
    if step.listens:
        run(["systemctl", "stop", SERVICE, SOCKET])  # fails for new ones, which systemd does not know yet
        if listens():
            raise HostError(f"{SOCKET} cannot be stopped", _journal())
    must(["systemctl", "daemon-reload"], "systemd cannot reload its units")
    must(["systemctl", "enable", *STARTED], f"{SERVICE} cannot be enabled at boot")
    for name in STARTED[:-1]:
        _must(["systemctl", "start", name], f"{name} cannot be started")
    _must(["systemctl", "restart" if step.restarts else "start", SERVICE], f"{SERVICE} cannot be started")


def reload() -> None:
    """Have the running program read its files."""
    _must(["systemctl", "reload", SERVICE], f"{SERVICE} cannot be reloaded")


def report() -> t.Tuple[int, ...]:
    """Which of its reports the program has written last."""
    found = look.own_rights(LOADED)
    return (found.st_ino, found.st_mtime_ns) if found else ()


def await_loaded(program: t.Optional[str], wanted: str, before: t.Tuple[int, ...] = ()) -> None:
    """Return once the *program*, None for any, runs with the files of the digest *wanted*. Raises HostError.

    An error in the report *before* was that of an earlier reload.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        last, found = report(), loaded()
        if found is not None and found.files == wanted and program in (None, found.program):
            return
        if found is not None and found.error and last != before:
            raise HostError(f"{SERVICE} goes on with its former files: {found.error}")
        if time.monotonic() > end:
            raise HostError(f"{SERVICE} did not load its files within {_PATIENCE:.0f} s", _journal())
        time.sleep(_PAUSE)


def _must(argv: t.Sequence[str], why: str) -> None:
    """As must(), with the cause from the journal: systemctl only says where to look."""
    if run(argv).status != 0:
        raise HostError(why, _journal() or f"`{' '.join(argv)}` failed")


def _journal() -> str:
    units = (word for name in STARTED for word in ("--unit", name))
    shown = run(["journalctl", "--quiet", "--no-pager", "--output=cat", "--lines=4", *units]).stdout
    return "; ".join(line.strip().rstrip(".") for line in shown.splitlines() if line.strip())
