"""Runs make targets one after the other and says at the end what ran, what was skipped and why, and how long it took.

Stages joined by + run side by side, two at a time: they use one processor each. Their output is shown in their order:
that of the first as it comes, that of another once those before it have ended.

After a stage that fails no other begins. What reaches the summary of a stage's output: lines `SKIPPED what: why`
(pytest writes such lines, too), what tests/tools/hosts.py ran again, and the counts of pytest and ansible-test.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from lab.requirements import reason  # noqa: E402  (found by the line above)

NEED_LAB = ("lab", "molecule", "hosts", "readme")
SIDE_BY_SIDE = 2
SKIPPED = re.compile(r"SKIPPED (.*)")
AGAIN = re.compile(r"AGAIN, alone: ")
COUNT = re.compile(r"=*\s*((?:\d+ (?:passed|failed|errors?|skipped|xfailed|commands run)(?:, )?)+)")
SANITY = re.compile(r'Running sanity test "')
SCENARIO = re.compile(r"INFO +\[(\S+) > verify\] Executing")


@dataclass
class Result:
    """What one stage did."""

    stage: str
    outcome: str = "not run"
    seconds: float = 0
    notes: list[str] = field(default_factory=list)


def notes_of(lines: list[str]) -> list[str]:
    """What a stage's output says about tests that ran or were skipped."""
    notes, label, sanity = [], "", 0
    for line in lines:
        if found := SCENARIO.match(line):
            label = f"{found[1]}: "
        elif found := COUNT.match(line):
            notes.append(label + found[1].strip(", "))
        elif found := SKIPPED.match(line):
            notes.append(f"{label}skipped: {found[1]}")
        elif AGAIN.match(line):
            notes.append(line)
        sanity += bool(SANITY.match(line))
    return notes + ([f"{sanity} sanity tests"] if sanity else [])


class Screen:
    """The output of stages that run side by side, in their order."""

    def __init__(self, stages: Sequence[str]) -> None:
        self._stages = list(stages)
        self._kept: dict[str, list[str]] = {stage: [] for stage in stages}
        self._ended: set[str] = set()
        self._lock = threading.Lock()

    def add(self, stage: str, line: str) -> None:
        """A line that a stage wrote."""
        with self._lock:
            self._kept[stage].append(line)
            self._show()

    def end(self, stage: str) -> None:
        """A stage writes no more."""
        with self._lock:
            self._ended.add(stage)
            self._show()

    def _show(self) -> None:
        while self._stages:
            first = self._stages[0]
            print("".join(self._kept[first]), end="", flush=True)
            self._kept[first].clear()
            if first not in self._ended:
                return
            self._stages.pop(0)


def run(stage: str, screen: Screen) -> Result:
    """Run one stage."""
    screen.add(stage, f"\n──── {stage} ────\n")
    start, lines = time.monotonic(), []
    command = [os.environ.get("MAKE", "make"), "--no-print-directory", stage]
    columns = str(shutil.get_terminal_size((120, 0)).columns)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": columns}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout
        for line in process.stdout:
            screen.add(stage, line)
            lines.append(line.rstrip())
    screen.end(stage)
    outcome = "FAILED" if process.returncode else "passed"
    return Result(stage, outcome, time.monotonic() - start, notes_of(lines))


def run_together(stages: Sequence[str], no_lab: str) -> list[Result]:
    """Run stages side by side; those that need a lab are skipped if it says why there can be none."""
    screen, failed = Screen(stages), threading.Event()

    def one(stage: str) -> Result:
        if failed.is_set() or (no_lab and stage in NEED_LAB):
            screen.end(stage)
            return Result(stage) if failed.is_set() else Result(stage, "skipped", notes=[no_lab])
        result = run(stage, screen)
        if result.outcome == "FAILED":
            failed.set()
        return result

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(one, stages))


def summary(results: list[Result], seconds: float) -> str:
    """One line a stage, its notes below it; *seconds* is how long all of them took."""
    lines = ["", "──── summary ────"]
    for result in results:
        lines.append(f"{result.stage:<10} {result.outcome:<8} {result.seconds:5.0f} s")
        lines += [f"{'':<12}{note}" for note in result.notes]
    lines.append(f"{'':<20}{seconds:5.0f} s in all")
    return "\n".join(lines)


def main(steps: list[str]) -> int:
    """Run *steps*, each of them a stage or several, on a machine that may not be able to have the lab."""
    no_lab = reason() or ""
    if no_lab:
        print(f"{no_lab} What needs no lab runs.", flush=True)
    # Which packages are asked for, of those that tests/tools/packages.py knows.
    os.environ["PACKAGES"] = "browser" if no_lab else "lab browser"
    start, results = time.monotonic(), list[Result]()
    for stages in [step.split("+") for step in steps]:
        if any(result.outcome == "FAILED" for result in results):
            results += map(Result, stages)
        else:
            results += run_together(stages, no_lab)
    print(summary(results, time.monotonic() - start), flush=True)
    return int(any(result.outcome == "FAILED" for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
