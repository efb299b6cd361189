# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our handlers that are missing, or that something replaced, are registered again.

What differs is decided by the functions of the plan (concerns/binfmt/decide.py), from our files in /etc/binfmt.d.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import kernel
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.configuration import files_of
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import (
    BinfmtState,
    Verdict,
    file_of,
    finding,
    is_theirs,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import Done
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import now as utc

_HOUR = 3600


def due() -> t.Dict[str, str]:
    """The managed handlers that have to be registered again, and why. Raises HostError."""
    return due_in(observed())


def observed() -> BinfmtState:
    """The kernel's handlers, and ours: as in the plan, but for what only a source of emulators knows."""
    owned = RECORD.read().handlers
    masked, configuration = files_of(sorted(owned), owned)
    lines = {name: text for name, text in configuration.items() if not is_theirs(text)}
    handlers = kernel.handlers() if owned else {}
    return BinfmtState(Processor(""), handlers, lines, configuration, owned, broken={}, masked=masked)


def due_in(state: BinfmtState) -> t.Dict[str, str]:
    """The same for *state*. Whose file is gone, foreign or a mask is left to the next run. Pure."""
    ours = [fmt for fmt in FORMATS.values() if fmt.handler in state.owned and fmt.handler in state.lines]
    found = [finding(fmt, state, takeover=False) for fmt in ours if fmt.handler not in state.masked]
    return {each.fmt.handler: each.why for each in found if each.verdict in (Verdict.ADD, Verdict.REPLACE)}


def register(names: t.Iterable[str]) -> None:
    """Register them as their files say. Raises HostError if the kernel does not have them afterwards."""
    for name in names:
        kernel.register(read(file_of(name)) or "", name)
    left = due()
    if left:
        raise HostError(f"handler {', '.join(left)} was registered again, and is not as it should be: provision")


def within_the_hour(times: t.Iterable[int], now: int) -> t.Tuple[int, ...]:
    """Those of *times* that are less than an hour before *now*, all in seconds since 1970. Pure."""
    return tuple(each for each in times if 0 <= now - each < _HOUR)


def decided(done: Done, names: t.Iterable[str], limit: int, now: int) -> Done:
    """*done* with another heal of *names*, or limited if there were *limit* in the last hour."""
    recent = within_the_hour(done.recent, now)
    if len(recent) >= limit:
        return replace(done, recent=recent, limited=done.limited or utc(), healed=tuple(names))
    counts = {**done.heals, **{name: done.heals.get(name, 0) + 1 for name in names}}
    return replace(
        done,
        heals=counts,
        last_heal=utc(),
        healed=tuple(names),
        recent=(*recent, now),
        limited="",
        failure="",
    )
