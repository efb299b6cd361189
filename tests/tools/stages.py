"""Runs make targets one after the other and says at the end what ran, what was skipped and why, and how long it took.

A stage that fails ends the run. A stage reports in its output, which is shown as it comes: a line
`SKIPPED what: why` (pytest writes such lines too) and pytest's or ansible-test's own counts reach the summary.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from lab.requirements import refusal  # noqa: E402  (found by the line above)

NEED_LAB = ("packages", "lab", "molecule", "hosts", "readme")
SKIPPED = re.compile(r"SKIPPED (.*)")
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
        sanity += bool(SANITY.match(line))
    return notes + ([f"{sanity} sanity tests"] if sanity else [])


def run(stage: str) -> Result:
    """Run one stage, its output shown as it comes."""
    print(f"\n──── {stage} ────", flush=True)
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
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    outcome = "FAILED" if process.returncode else "passed"
    return Result(stage, outcome, time.monotonic() - start, notes_of(lines))


def summary(results: list[Result]) -> str:
    """One line a stage, its notes below it."""
    lines = ["", "──── summary ────"]
    for result in results:
        lines.append(f"{result.stage:<10} {result.outcome:<8} {result.seconds:5.0f} s")
        lines += [f"{'':<12}{note}" for note in result.notes]
    lines.append(f"{'':<20}{sum(result.seconds for result in results):5.0f} s in all")
    return "\n".join(lines)


def main(stages: list[str]) -> int:
    """Run *stages*; those that need the lab are skipped on a machine that cannot have it."""
    no_lab = refusal(platform.system(), os.geteuid(), platform.release(), [])
    results = [Result(stage) for stage in stages]
    for number, stage in enumerate(stages):
        if no_lab and stage in NEED_LAB:
            results[number] = Result(stage, "skipped", notes=[no_lab])
            continue
        results[number] = run(stage)
        if results[number].outcome == "FAILED":
            break
    print(summary(results), flush=True)
    return int(any(result.outcome == "FAILED" for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
