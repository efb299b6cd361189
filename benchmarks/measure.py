"""One run of one contender, measured: wall time, processor time on both sides, memory of the controller."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import hosts
from benchmarks.contenders import ROOT, Contender, Task, environment
from lab import cgroup

GROUP = "benchmark"
SAMPLE_SECONDS = 0.2


@dataclass(frozen=True)
class Measurement:
    """Seconds, and bytes; *targets* is the processor time of all hosts together."""

    wall: float
    controller: float
    targets: float
    memory: int


class RunError(Exception):
    """A contender did not do what was asked: its time means nothing."""


def run(contender: Contender, task: Task) -> Measurement:
    """Run it once. Raises RunError if it fails or the hosts are not as asked afterwards."""
    machines = hosts.chosen(task.hosts)
    group = cgroup.make(GROUP)
    peak = Peak()
    with tempfile.TemporaryDirectory(prefix="ssh-") as connections:
        variables = {**os.environ, **environment(contender, task, Path(connections))}
        before, begin = hosts.cpu_seconds(machines), time.monotonic()
        with peak:
            done = subprocess.run(
                cgroup.inside(group, contender.command(task)),
                cwd=ROOT,
                env=variables,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        wall = time.monotonic() - begin
        used = hosts.cpu_seconds(machines) - before
        controller = cgroup.cpu_seconds(GROUP)
        cgroup.kill(GROUP)  # connections that persist
    if done.returncode:
        raise RunError(f"{contender.title} ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    lacking = hosts.failures(machines, task.ca) if contender.converges else []
    if lacking:
        raise RunError(f"{contender.title} said that all went well, but: {'; '.join(lacking)}")
    return Measurement(wall, controller, used, peak.memory)


class Peak:
    """The most memory that the processes of the group had at once, shared pages counted once (PSS)."""

    def __init__(self) -> None:
        self.memory = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self.memory = max(self.memory, sum(map(_proportional, cgroup.processes(GROUP))))


def _proportional(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
