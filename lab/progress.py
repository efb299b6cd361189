"""What the lab tells the person who waits: one plain line for each thing that takes time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_one_line_at_a_time = Lock()


def say(text: str) -> None:
    """Print one line, whole, whichever thread it comes from."""
    with _one_line_at_a_time:
        print(text, flush=True)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Say that `what` begins and, if it went well, how long it took."""
    say(f"{what} …")
    start = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - start:.1f} s")
