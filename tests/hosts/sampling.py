"""Processes are looked at while a test goes on: those of the controller and of the hosts, which are seen from there."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PROGRAM = Path(__file__).with_name("sampler.py")
CONTROL = "marker-of-a-control"
CONTROL_SECONDS = 60


@contextlib.contextmanager
def sampled(*texts: str) -> Iterator[list[str]]:
    """The list has, in the end, `NUMBER FILE USER-ID PROGRAM` for each sighting of *texts* (arguments, environment).

    That short ones are seen is tried each time, with a marker in some: as many as it takes, as the sampler may have
    to wait for a processor.
    """
    seen: list[str] = []
    controls = {f"{len(texts)} {file} {os.geteuid()} true" for file in ("environ", "cmdline")}
    with tempfile.TemporaryDirectory() as folder:
        markers, found = Path(folder, "markers"), Path(folder, "found")
        markers.write_text("".join(f"{each}\n" for each in (*texts, CONTROL)))
        sampler = subprocess.Popen([sys.executable, str(PROGRAM), str(markers), str(found)])
        while markers.exists():
            time.sleep(0.05)
        try:
            yield seen
            end = time.monotonic() + CONTROL_SECONDS
            while not controls <= set(found.read_text().splitlines()):
                assert time.monotonic() < end, f"no process of a millisecond was seen in {CONTROL_SECONDS} s"
                subprocess.run(["/bin/true", CONTROL], env={"IN_ENVIRON": CONTROL}, check=True)
        finally:
            sampler.terminate()
            sampler.wait()
        sightings = found.read_text().splitlines()
    seen += [each for each in sightings if each not in controls]
