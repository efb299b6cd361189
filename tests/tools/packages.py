"""Installs the Debian packages that the lab and the tests need and this machine lacks."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from lab.requirements import TOOLS

BROWSER = {"chromium": "chromium", "chromedriver": "chromium-driver"}
FONT = "fonts-dejavu-core"


def missing() -> list[str]:
    """The packages that are not there, sorted."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    tools = {**TOOLS, **BROWSER}
    packages = {package for tool, package in tools.items() if not shutil.which(tool, path=path)}
    if packages & set(BROWSER.values()):
        packages.add(FONT)  # without one a page has no words
    if not importlib.util.find_spec("ensurepip"):
        packages.add("python3-venv")
    return sorted(packages)


def main() -> str | None:
    """Return what went wrong, or None."""
    packages = missing()
    if not packages:
        return None
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        return f"These Debian packages, or what your system calls them, are needed and missing: {names}"
    if os.geteuid() != 0:
        return f"Debian packages are missing; as root: apt-get install {names}"
    print(f"Installing Debian packages: {names}", flush=True)
    apt = ["apt-get", "-qq", "-o=Dpkg::Use-Pty=0", "-o=DPkg::Lock::Timeout=120"]
    install = [*apt, "--no-install-recommends", "install", *packages]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*apt, "update"], check=True)
    done = subprocess.run(install, env=environment, stdout=subprocess.DEVNULL, check=False)
    return f"apt-get could not install {names}; its messages are above." if done.returncode else None


if __name__ == "__main__":
    sys.exit(main())
