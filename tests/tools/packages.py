"""Installs the Debian packages that are asked for and missing: packages.py [lab] [browser]; Python's come always."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from lab.requirements import TOOLS

BROWSER = {"chromium": "chromium", "chromedriver": "chromium-driver"}
FONT = "fonts-dejavu-core"
KINDS = {"lab": TOOLS, "browser": BROWSER}


@dataclass(frozen=True)
class Missing:
    """Packages that are not there: *needed* ones, and those without which tests skip."""

    needed: tuple[str, ...]
    optional: tuple[str, ...]


def missing(kinds: Iterable[str]) -> Missing:
    """What this machine lacks of the kinds that are asked for."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    found = {
        kind: {package for tool, package in KINDS[kind].items() if not shutil.which(tool, path=path)} for kind in kinds
    }
    needed, optional = found.get("lab", set()), found.get("browser", set())
    if optional:
        optional.add(FONT)  # without one a page has no words
    if not importlib.util.find_spec("ensurepip"):
        needed.add("python3-venv")
    return Missing(tuple(sorted(needed)), tuple(sorted(optional)))


def by_hand(packages: Missing, *, apt: bool, root: bool) -> tuple[str, ...]:
    """What to tell who has to install them: lines, of which the last is about those that are needed; () if we can."""
    if apt and root:
        return ()
    how = "as root: apt-get install {}" if apt else "these Debian packages, or what your system calls them: {}"
    lines = []
    if packages.optional:
        lines.append(f"SKIPPED browser: packages are missing; {how.format(' '.join(packages.optional))}")
    if packages.needed:
        lines.append(f"Packages are missing; {how.format(' '.join(packages.needed))}")
    return tuple(lines)


def install(packages: Iterable[str]) -> str | None:
    """Install them as root; return what went wrong, or None."""
    names = " ".join(packages)
    print(f"Installing Debian packages: {names}", flush=True)
    apt = ["apt-get", "-qq", "-o=Dpkg::Use-Pty=0", "-o=DPkg::Lock::Timeout=120"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["--no-install-recommends", "install", *packages]):
        done = subprocess.run([*apt, *command], env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            return f"apt-get could not {command[0]} {names}; its messages are above."
    return None


def main() -> str | None:
    """Return what went wrong, or None."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=KINDS)
    packages = missing(parser.parse_args().kinds)
    names = (*packages.needed, *packages.optional)
    if not names:
        return None
    lines = by_hand(packages, apt=bool(shutil.which("apt-get")), root=os.geteuid() == 0)
    if not lines:
        return install(names)
    if packages.needed:
        return "\n".join(lines)
    print(*lines, sep="\n")
    return None


if __name__ == "__main__":
    sys.exit(main())
