# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time changes a host.

The kernel holds the lock (flock(2)) for as long as the process lives, so a killed run leaves none.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError

PATH = "/run/multiarch-builders.lock"
_PAUSE = 0.2  # seconds between two tries
_LONGEST = 500  # bytes that the holder says of itself


def holder(what: str) -> str:
    """Words for this process, for whoever waits for it: what it does, for whom, since when."""
    user = os.environ.get("SUDO_USER") or os.environ.get("USER") or "root"
    client = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    origin = f"{user} from {client}" if client else user
    return f"{what} of {origin}, process {os.getpid()}, since {time.strftime('%H:%M:%S %Z')}"


@contextlib.contextmanager
def held(what: str, seconds: float, path: str = PATH) -> t.Iterator[None]:
    """Hold the lock while the block runs; *what* is shown to those who wait.

    Raises HostError, which says who holds it, if that run has not ended after *seconds*.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _acquire(descriptor, seconds)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder(what).encode()[:_LONGEST], 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                said = os.pread(descriptor, _LONGEST, 0).decode(errors="replace")
                raise HostError(
                    f"another run changes this host: {said or 'it has not said which'}. Nothing was changed here after "
                    f"{seconds:.0f} s of waiting: run again when it ended, or raise builder_lock_timeout"
                ) from None
            time.sleep(_PAUSE)
