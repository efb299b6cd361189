"""A program for a host: look at the arguments and the environment of every process, until stopped.

python3 sampler.py MARKERS SEEN

A process of a millisecond is looked at several times, as new ones are awaited and looked at without pause. MARKERS
holds a text a line, and is removed at once. SEEN gets a line for each sighting: number of the line, file (cmdline or
environ), user's id, name of the program, as soon as it is seen. The texts themselves are in no argument, environment
or file.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

YOUNG = 1.0  # seconds in which a process is looked at in every turn


def text_of(path: str) -> bytes:
    """The start of a file of /proc. Raises OSError if the process has ended."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 1 << 17)
    finally:
        os.close(descriptor)


def sightings(pid: int, markers: list[bytes]) -> Iterator[str]:
    """What is to be seen of a process now. Raises OSError if it has ended."""
    for name in ("cmdline", "environ"):
        text = text_of(f"/proc/{pid}/{name}")
        for number, marker in enumerate(markers):
            if marker in text:
                user = os.stat(f"/proc/{pid}").st_uid  # noqa: PTH116  # it has to be fast
                yield f"{number} {name} {user} {text_of(f'/proc/{pid}/comm').decode().strip()}\n"


def pids() -> Iterator[int | None]:
    """All processes, one a turn, over and over; None between two rounds."""
    while True:
        yield from [int(each) for each in os.listdir("/proc") if each.isdigit()]  # noqa: PTH208  # it has to be fast
        yield None


def newest() -> int:
    """The last process id that the kernel gave."""
    return int(text_of("/proc/loadavg").split()[-1])


def look(markers: list[bytes]) -> Iterator[str]:
    """Each sighting, again and again, for ever."""
    young: dict[int, float] = {}
    last, all_of_them = newest(), pids()
    while True:
        now, last, former = time.monotonic(), newest(), last
        young.update(dict.fromkeys(range(former + 1, last + 1), now + YOUNG))
        old = next(all_of_them, None)
        for pid in itertools.chain([*young], [] if old is None else [old]):
            try:
                yield from sightings(pid, markers)
                ended = False
            except OSError:
                ended = True
            if pid in young and (ended or young[pid] < now):
                del young[pid]


def main(markers: Path, seen: Path) -> None:
    """Look until SIGTERM."""
    found: set[str] = set()
    texts = markers.read_bytes().split(b"\n")[:-1]
    with seen.open("w", buffering=1) as file:
        markers.unlink()
        for sighting in look(texts):
            if sighting not in found:
                found.add(sighting)
                file.write(sighting)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(0))
    main(Path(sys.argv[1]), Path(sys.argv[2]))
