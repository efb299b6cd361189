"""Debian packages for hosts that have no way out: lab.package_server on the bridge, started with the lab.

Hosts know it as their mirror, so `apt-get install` works in them and no mirror's name is written anywhere.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from lab import cgroup
from lab.errors import LabError
from lab.settings import MACHINE_ADDRESS, PACKAGE_PORT, PACKAGES, STATE

GROUP = "package-mirror"
ADDRESS = f"http://{MACHINE_ADDRESS}:{PACKAGE_PORT}/debian"
START_SECONDS = 10.0


def ensure() -> None:
    """Start it where it does not run, and wait until it answers."""
    if cgroup.has_processes(GROUP):
        return
    PACKAGES.mkdir(parents=True, exist_ok=True)
    for part in PACKAGES.glob(".*"):
        part.unlink()
    log = STATE / "package-mirror.log"
    with log.open("wb") as output:
        subprocess.Popen(
            cgroup.inside(cgroup.make(GROUP), [sys.executable, "-m", "lab.package_server"]),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((str(MACHINE_ADDRESS), PACKAGE_PORT), timeout=1).close()
            return
        except OSError as error:
            if time.monotonic() > end:
                raise LabError(f"The mirror for packages does not answer at {ADDRESS}, see {log}") from error
            time.sleep(0.05)
