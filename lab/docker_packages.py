"""The stand-in for the repository of Docker's own packages, on the bridge: started when a test asks for it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

from lab import cgroup
from lab.errors import LabError
from lab.images import docker_ce
from lab.lock import lock_of, locked
from lab.settings import DOCKER_PACKAGE_PORT, MACHINE_ADDRESS, STATE

GROUP = "docker-packages"
ADDRESS = f"http://{MACHINE_ADDRESS}:{DOCKER_PACKAGE_PORT}"
START_SECONDS = 10.0


def ensure() -> Path:
    """Serve it at ADDRESS; returns its folder, where its key is."""
    with locked(lock_of(GROUP)):
        folder, link = docker_ce.ensure(), STATE / GROUP
        if link.is_symlink() and link.resolve() != folder:
            link.unlink()
        if not link.is_symlink():
            link.symlink_to(folder)
        if not cgroup.has_processes(GROUP):
            _start(link)
        return folder


def _start(served: Path) -> None:
    log = STATE / f"{GROUP}.log"
    argv = [sys.executable, "-m", "http.server", str(DOCKER_PACKAGE_PORT), "--bind", str(MACHINE_ADDRESS)]
    with log.open("wb") as output:
        subprocess.Popen(
            cgroup.inside(cgroup.make(GROUP), [*argv, "--directory", str(served)]),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd="/",
        )
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((str(MACHINE_ADDRESS), DOCKER_PACKAGE_PORT), timeout=1).close()
            return
        except OSError as error:
            if time.monotonic() > end:
                raise LabError(f"Docker's packages are not served at {ADDRESS}, see {log}") from error
            time.sleep(0.05)
