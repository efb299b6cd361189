"""Who may change what: one lock for the lab, which those share that change hosts of their own, and one for each."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.progress import say
from lab.settings import LOCK


@contextmanager
def locked(path: Path = LOCK, kind: int = fcntl.LOCK_EX) -> Iterator[None]:
    """One command at a time changes the lab, or several that hold a LOCK_SH while each changes hosts of its own."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another lab command is running; waiting for it …")
            fcntl.flock(file, kind)
        yield


def lock_of(name: str) -> Path:
    """The lock of one host, or of what is changed as one."""
    return LOCK.with_name(f"{LOCK.name}.{name}")
