"""What the numbers depend on: the machine, and the versions of what was run."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("ansible-core", "mitogen", "pyinfra")


def facts() -> dict[str, str]:
    """In words, for the page and for whoever compares."""
    cpu = (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name"))
    memory = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal:"))
    return {
        "processor": f"{os.cpu_count()} cores, {next(cpu, platform.machine())}",
        "memory": f"{memory / 2**20:.0f} GiB",
        "kernel": platform.release().partition("-")[0],
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def commit() -> str:
    """The commit of the checkout, short; with + if files differ from it."""
    git = ["git", "describe", "--always", "--exclude=*", "--dirty=+"]
    return subprocess.run(git, cwd=Path(__file__).parent, capture_output=True, text=True, check=True).stdout.strip()


def today() -> str:
    """Such as 2026-11-21, in UTC."""
    return datetime.datetime.now(tz=datetime.UTC).date().isoformat()


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
