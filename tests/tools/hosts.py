"""Runs the tests on hosts, four at a time, and those that failed once more, their files alone.

Four dockerd and their builds on two processors meet limits of time that are not ours. What passes only the second time
is named, at the end and in the summary of `make test`; more files than four are no accident, and run once.

python tests/tools/hosts.py PYTEST'S-ARGUMENTS...
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAILED = ROOT / ".pytest_cache/v/cache/lastfailed"
SIDE_BY_SIDE = ("--numprocesses=4", "--dist=loadscope", "--no-loadscope-reorder")
SOME_FAILED = 1  # as pytest exits
MOST_FILES = 4


def files_of(failed: str) -> list[str]:
    """The files of the tests in pytest's list of what failed last."""
    return sorted({nodeid.partition("::")[0] for nodeid in json.loads(failed)})


def run(*arguments: str) -> int:
    """Pytest's exit status."""
    return subprocess.run(["pytest", *arguments], cwd=ROOT, check=False).returncode


def main(arguments: list[str]) -> int:
    """The exit status of the first run, or 0 if what failed there passes alone."""
    FAILED.unlink(missing_ok=True)
    status = run(*arguments, *SIDE_BY_SIDE)
    if status != SOME_FAILED or not FAILED.exists():
        return status
    files = files_of(FAILED.read_text())
    if len(files) > MOST_FILES:
        return status
    print(f"\nAGAIN, alone: {', '.join(files)}", flush=True)
    return run(*files)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
