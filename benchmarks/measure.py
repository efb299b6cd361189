"""One run of a command, measured: wall time, processor time on both sides, memory of the controller."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import hosts
from benchmarks.contenders import ROOT, Contender, Task, environment
from benchmarks.results import Measurement
from lab import cgroup

GROUP = f"benchmark-{os.getpid()}"
SAMPLE_SECONDS = 0.2


class RunError(Exception):
    """A contender did not do what was asked: its time means nothing."""


@dataclass(frozen=True)
class Usage:
    """What a command on the controller took: seconds, and bytes at its peak; *output* is what it printed."""

    wall: float
    controller: float
    memory: int
    output: str


def watch(title: str, command: Sequence[str], variables: Mapping[str, str], folder: Path = ROOT) -> Usage:
    """Run a command in *folder*, in a cgroup of its own. Raises RunError if it fails."""
    group = cgroup.make(GROUP)
    peak = Peak()
    begin = time.monotonic()
    with peak:
        done = subprocess.run(
            cgroup.inside(group, command),
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        wall = time.monotonic() - begin
    controller = cgroup.cpu_seconds(GROUP)
    cgroup.kill(GROUP)  # connections that persist
    if done.returncode:
        raise RunError(f"{title} ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    return Usage(wall, controller, peak.memory, done.stdout + done.stderr)  # pyinfra prints to the latter


def run(contender: Contender, task: Task, *, changes: bool = True) -> Measurement:
    """Run it once. Raises RunError if it fails, the hosts are not as asked afterwards, or it changed what was right."""
    machines = hosts.chosen(task.hosts)
    apart = contender.name if contender.records_apart else None
    with hosts.with_records(machines, apart), tempfile.TemporaryDirectory(prefix="ssh-") as connections:
        before = hosts.cpu_seconds(machines)
        variables = environment(contender, task, Path(connections))
        used = watch(contender.title, contender.command(task), variables, contender.folder)
        targets = hosts.cpu_seconds(machines) - before
    if not changes and contender.changed(used.output):
        raise RunError(f"{contender.title} changed hosts that were as asked:\n{used.output[-4000:]}")
    if not changes and contender.did_plan(used.output):
        raise RunError(f"{contender.title} planned in full, as the trace of a host did not hold")
    lacking = hosts.failures(machines, task.ca) if contender.converges else []
    if lacking:
        raise RunError(f"{contender.title} said that all went well, but: {'; '.join(lacking)}")
    return Measurement(used.wall, used.controller, targets, used.memory)


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
