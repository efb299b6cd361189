"""Runs the tests with other versions of ansible-core and of Python: `make controllers` a part, `make matrix` all.

Each row has a virtual environment of its own in .build/matrix. A row whose Python is missing is skipped, and says so.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from lab.requirements import reason

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
FOLDER = ROOT / ".build/matrix"

# The Pythons of each ansible-core: CONTROLLER_PYTHON_VERSIONS in its ansible_test/_util/target/common/constants.py.
CONTROLLERS = {
    "2.19.14": ("3.11", "3.12", "3.13"),
    "2.20.10": ("3.12", "3.13", "3.14"),
    "2.21.5": ("3.12", "3.13", "3.14"),
    "2.22.0rc1": ("3.13", "3.14", "3.15"),
}
OLDEST, NEWEST = "2.19.14", "2.21.5"
# Pythons of managed hosts alone, with the modules' base that the newest controller sends there.
HOSTS = ("3.9", "3.10")

# The tests of what meets ansible-core itself.
CONTROLLERS_SIDE = (
    *(f"tests/unit/plugins/{each}" for each in ("action", "callback", "filter", "doc_fragments")),
    *("tests/unit/plugins/plugin_utils/actions", "tests/unit/plugins/module_utils/run/test_module.py"),
    *("tests/unit/plugins/plugin_utils/spec/test_yaml_traps.py", "tests/unit/test_adding_an_option.py"),
    *("tests/unit/test_ansible_core.py", "tests/unit/test_installed.py", "tests/unit/test_project.py"),
)
ON_LAB_HOSTS = ("tests/hosts/test_trace.py", "tests/hosts/test_plan.py")
# `make controllers` is run beside other stages of `make test`, which have the other processors.
ALL_PROCESSORS = ("--numprocesses=auto",)


@dataclass(frozen=True)
class Row:
    """An ansible-core and the Python it runs on: a controller, or the modules' base on a managed host."""

    core: str
    python: str
    on_host: bool = False

    def __str__(self) -> str:
        return f"{'hosts with' if self.on_host else f'ansible-core {self.core},'} Python {self.python}"

    @property
    def venv(self) -> Path:
        """Its virtual environment."""
        return FOLDER / f"{'hosts' if self.on_host else self.core}-python{self.python}"

    def requirements(self) -> list[str]:
        """What is installed in it."""
        if self.on_host:
            return _lines(HERE / "host.txt")
        ours = [each for each in _lines(ROOT / "requirements.txt") if not each.startswith("ansible-core")]
        return [f"ansible-core=={self.core}", *ours, *_lines(HERE / "controller.txt")]


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def every_row() -> Iterator[Row]:
    """All rows, the oldest controller first."""
    yield from (Row(core, python) for core, pythons in CONTROLLERS.items() for python in pythons)
    yield from (Row(NEWEST, python, on_host=True) for python in HOSTS)


def ends(found: dict[str, str]) -> Iterator[Row]:
    """The oldest controller with its oldest Python and the newest with its newest, of the Pythons that are *found*."""
    for core, place in ((OLDEST, 0), (NEWEST, -1)):
        pythons = [each for each in CONTROLLERS[core] if each in found] or list(CONTROLLERS[core])
        yield Row(core, pythons[place])


def pythons() -> dict[str, str]:
    """{version: path} of the Pythons that run by their name, or that pyenv has."""
    found: dict[str, str] = {}
    versions = sorted({row.python for row in every_row()})
    for version, environment in itertools.product(versions, ({}, _pyenv())):
        command = [f"python{version}", "-c", "import ensurepip, sys; print(sys.executable)"]
        given = os.environ | environment
        try:
            done = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            continue
        if done.returncode == 0:
            found.setdefault(version, done.stdout.strip())
    return found


def _pyenv() -> dict[str, str]:
    """The variable with which pyenv's shims run any version that it has installed."""
    try:
        done = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return {}
    return {"PYENV_VERSION": ":".join(reversed(done.stdout.split()))}


def prepare(row: Row, python: str) -> None:
    """Make the row's virtual environment, unless it has what is asked for."""
    wanted, made = "\n".join(row.requirements()) + "\n", row.venv / "requirements.txt"
    if made.exists() and made.read_text() == wanted:
        return
    subprocess.run([python, "-m", "venv", "--clear", row.venv], check=True)
    listed = row.venv / "wanted.txt"
    listed.write_text(wanted)
    install = [f"{row.venv}/bin/pip", "install", "-qq", "--no-compile"]
    subprocess.run([*install, "--requirement", str(listed)], check=True)
    if row.on_host:  # a controller's package, of which modules bring a part to hosts
        alone = ["--no-deps", "--ignore-requires-python", f"ansible-core=={row.core}"]
        subprocess.run([*install, *alone], check=True)
    listed.rename(made)


def run(row: Row, tests: Sequence[str], *, spread: Sequence[str] = (), sanity: bool = False) -> bool:
    """Whether the *tests* pass in the row's environment, and `ansible-test sanity` where it is asked for.

    *spread* are pytest's arguments for more than one process.
    """
    if tests is ON_LAB_HOSTS:
        subprocess.run(["make", "lab"], cwd=ROOT, check=True)
    environment = os.environ | {"PATH": f"{row.venv}/bin:{os.environ['PATH']}"}
    command = [f"{row.venv}/bin/pytest", "-p", "no:cacheprovider", *tests, *spread]
    passed = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0
    if passed and sanity:
        environment["VENV"] = str(row.venv)
        passed = subprocess.run(["tests/tools/sanity"], cwd=ROOT, env=environment, check=False).returncode == 0
    return passed


def plan(quick: bool, found: dict[str, str]) -> Iterator[tuple[Row, Sequence[str], bool]]:
    """(row, tests, whether sanity is run)."""
    if quick:
        yield from ((row, CONTROLLERS_SIDE, False) for row in ends(found) if not _is_default(row))
        return
    last = {row.core: row for row in every_row() if row.python in found and not row.on_host}
    for row in every_row():
        tests = ["tests/unit/plugins/module_utils"] if row.on_host else ["tests/unit"]
        sanity = row == last.get(row.core)
        if sanity and "rc" in row.core:
            print(f"SKIPPED ansible-test sanity with ansible-core {row.core}: its pylint needs what is not on PyPI")
        yield row, tests, sanity and "rc" not in row.core
    if why := reason():
        print(f"SKIPPED lab hosts with ansible-core {NEWEST}: {why}")
    elif NEWEST in last:
        yield last[NEWEST], ON_LAB_HOSTS, False


def _is_default(row: Row) -> bool:
    """Whether `make unit` has it, in .venv."""
    return (ROOT / f".venv/lib/python{row.python}/site-packages/ansible_core-{row.core}.dist-info").exists()


def main(arguments: Sequence[str]) -> int:
    """Run the rows that are asked for; 0 if all of them passed."""
    parser = argparse.ArgumentParser(prog="tests.matrix", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tests of the controller's side: oldest and newest")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows with TEXT in their name, such as 2.21")
    given = parser.parse_args(arguments)
    found, results = pythons(), list[str]()
    for row, tests, sanity in plan(given.quick, found):
        if given.only not in str(row):
            continue
        if row.python not in found:
            print(f"SKIPPED {row}: there is no python{row.python} that runs", flush=True)
            continue
        print(f"──── {row} ────", flush=True)
        start = time.monotonic()
        prepare(row, found[row.python])
        spread = () if given.quick or tests is ON_LAB_HOSTS else ALL_PROCESSORS
        outcome = "passed" if run(row, tests, spread=spread, sanity=sanity) else "FAILED"
        results.append(f"{outcome}  {time.monotonic() - start:4.0f} s  {row}: {' '.join(tests)}")
    print("\n".join(results))
    return int(any(each.startswith("FAILED") for each in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
