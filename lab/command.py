"""Running other programs: always a list, never a shell, and an error that carries what the program said."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from lab.errors import LabError


def run(argv: Sequence[str], *, stdin: str | None = None, timeout: float | None = None) -> str:
    """Run to the end and return stdout; anything but exit status 0 is a LabError."""
    try:
        done = subprocess.run(
            list(argv), input=stdin, capture_output=True, text=True, check=False, timeout=timeout, errors="replace"
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{argv[0]} did not end within {timeout:.0f} s: {' '.join(argv)}") from error
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        raise LabError(f"{' '.join(argv)}\nended with status {done.returncode}:\n{last}")
    return done.stdout


def succeeds(argv: Sequence[str]) -> bool:
    """Whether the program ends with status 0."""
    return subprocess.run(list(argv), capture_output=True, check=False).returncode == 0
