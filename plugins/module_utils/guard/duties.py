# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guard does when something is to be done: heal, sweep, measure."""

from __future__ import annotations

import contextlib
import sys
import time
import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import file_of
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import REGISTRY
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD as HANDLERS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import DONE, RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.guard import heal, measure, quick
from ansible_collections.multiarch.builders.plugins.module_utils.host import files, look
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.run.lock import BusyError, held
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import require_known

EVERY = 300.0
"""Seconds between two measurements of an unchanged host."""
_NOTICE, _ERROR = 5, 3  # sd-daemon(3)


_USAGE = "usage: multiarch-builders-guard [sweep]   `sweep` shows what would be removed, and removes nothing\n"


def main(arguments: t.Sequence[str] = ()) -> int:
    """Perform all duties, each whatever became of the others. The exit status of the program.

    With the *arguments* `sweep` it only shows what the next sweep would do.
    """
    if arguments:
        return _show_sweep() if list(arguments) == ["sweep"] else _end(2, _USAGE)
    began, failed = time.monotonic(), False
    seen = None
    for duty in (_heal, _sweep, _measure):
        try:
            found = duty()
        except HostError as exc:
            failed = True
            _say(_ERROR, str(exc))
        else:
            seen = found or seen
    if seen is not None and not failed:
        files.write(WriteFile(quick.SEEN, f"{began + EVERY}\n{seen}", mode=0o600))
    return int(failed)


def _heal() -> t.Optional[str]:
    """Register our handlers again. What was seen if all is well, as in quick.SEEN; else None.

    Raises HostError. A run that changes the host does it itself, and is not disturbed.
    """
    try:
        with held("the guard", 0):
            require_known()
            return _healed()
    except BusyError:
        return None


def _healed() -> t.Optional[str]:
    paths = _paths()
    looks = quick.looks(paths).decode()
    done, settings = DONE.read(), RECORD.read()
    due = heal.due()
    if not due:
        # after an hour without any, the limit is no longer worth a note
        if done.limited and not heal.within_the_hour(done.recent, int(time.time())):
            DONE.update(lambda found: replace(found, limited="", recent=()))
        if done.failure:  # somebody else, such as a run, did it
            DONE.update(lambda found: replace(found, failure=""))
        return "\n".join(paths) + f"\n\n{looks}"
    decided = heal.decided(done, due, settings.heals_per_hour, int(time.time()))
    if decided.limited and not done.limited:
        _say(_NOTICE, f"{', '.join(due)}: removed or replaced too often, so the guard waits")
    elif not decided.limited:
        try:
            heal.register(due)
        except HostError as exc:
            words = str(exc)
            DONE.update(lambda found: replace(found, failures=found.failures + 1, failure=words))
            raise
        _say(_NOTICE, f"registered again: {', '.join(f'{name} ({why})' for name, why in due.items())}")
    DONE.update(lambda _found: decided)
    return None


def _paths() -> t.List[str]:
    """All that decides whether something is to be healed."""
    known = HANDLERS.read().handlers
    kernel = [f"{REGISTRY}/{name}" for name in look.names(REGISTRY) if name != "register"]
    return [f"{REGISTRY}/", *kernel, *map(file_of, sorted(known)), HANDLERS.path, RECORD.path]


def _sweep() -> None:
    """Remove what jobs left, if that is on, and not too often."""
    settings = RECORD.read()
    if settings.sweep is None:
        return
    from ansible_collections.multiarch.builders.plugins.module_utils.guard import sweep

    if not sweep.is_due():
        return
    with contextlib.suppress(BusyError), held("the guard", 0):
        require_known()
        sweep.sweep(settings, Docker(planning=True), lambda words: _say(_NOTICE, words), _heal_meanwhile)


def _heal_meanwhile() -> None:
    """The same between two removals, each of which may take long; a failure is recorded, and the next run tries it."""
    with contextlib.suppress(HostError):
        _healed()


def _show_sweep() -> int:
    from ansible_collections.multiarch.builders.plugins.module_utils.guard import sweep

    try:
        return _end(0, "".join(f"{line}\n" for line in sweep.shown(RECORD.read(), Docker(planning=True))))
    except HostError as exc:
        return _end(1, f"{exc}\n")


def _end(status: int, words: str) -> int:
    (sys.stderr if status else sys.stdout).write(words)
    return status


def _measure() -> None:
    settings = RECORD.read()
    if settings.metrics and look.is_folder(settings.metrics.rpartition("/")[0]):
        files.write(WriteFile(settings.metrics, measure.text(settings, DONE.read())))


def _say(priority: int, words: str) -> None:
    sys.stdout.write(f"<{priority}>{' '.join(words.split())}\n")
    sys.stdout.flush()
