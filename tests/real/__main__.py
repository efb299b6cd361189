"""Runs tests on lab hosts with the real images, and writes what ran into docs/compatibility.md: make real IMAGES=DIR.

The whole lab is started anew with the images. With --beside it stays as it is, and only the tests that need the real
ones have them.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.images import store
from lab.images.sources import STAND_IN
from tests.real import page
from tests.real.results import Run, outcomes, save

ROOT = Path(__file__).parents[2]
JUNIT = ROOT / ".build/real/results.xml"
BESIDE = ["tests/hosts/test_real_images.py"]


def lab(*arguments: str) -> None:
    """`python -m lab ARGUMENTS`. Raises CalledProcessError."""
    subprocess.run([sys.executable, "-m", "lab", *arguments], cwd=ROOT, check=True)


def served() -> dict[str, str]:
    """{name: reference} of the real images that the mirror serves: buildkit, binfmt."""
    found = store.listed()
    return {name.removeprefix("real_"): reference for name, (source, reference) in found.items() if source != STAND_IN}


def run(tests: Sequence[str], processes: int) -> int:
    """pytest, as `make hosts` runs it; its exit status."""
    spread = ["--numprocesses", str(processes), "--dist=loadscope", "--no-loadscope-reorder"] if processes else []
    command = [sys.executable, "-m", "pytest", *tests, *spread, f"--junitxml={JUNIT}"]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "ENGINES": "all"}, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    """Exit status: that of pytest."""
    parser = argparse.ArgumentParser(prog="tests.real", description=__doc__)
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="archives (lab/README.md)")
    parser.add_argument("--beside", action="store_true", help="in the lab as it is; only tests that need real images")
    parser.add_argument("tests", nargs="*", metavar="TEST")
    given = parser.parse_args(arguments)
    os.environ["MULTIARCH_LAB_IMAGES"] = str(given.images.resolve())
    tests = given.tests or (BESIDE if given.beside else ["tests/hosts"])
    if not given.beside:
        lab("down")
        lab("up")
    JUNIT.parent.mkdir(parents=True, exist_ok=True)
    status = run(tests, 0 if given.beside else 4)
    images: dict[str, str] = {name: served()[name] for name in ("buildkit", "binfmt") if name in served()}
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    save(Run(today, platform.release().partition("-")[0], images, given.beside), outcomes(JUNIT.read_text()))
    page.write()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
