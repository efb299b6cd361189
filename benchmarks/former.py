"""The build before traces, as a contender: its files, without history, beside the benchmark's own environment."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMIT = "35bd917"
FOLDER = ROOT / ".build/benchmarks" / COMMIT


def ensure() -> None:
    """Make the folder if it is missing. Raises SystemExit if this clone lacks the commit."""
    if FOLDER.exists():
        return
    archive = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        words = archive.stderr.decode().strip()
        raise SystemExit(f"{COMMIT} is not in this clone ({words}): `git fetch --unshallow`, or leave out `former`.")
    beside = FOLDER.with_suffix(".new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    subprocess.run(["tar", "-x", "-C", str(beside)], input=archive.stdout, check=True)
    beside.rename(FOLDER)
