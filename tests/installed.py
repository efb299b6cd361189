"""The collection as a user gets it: built as a tarball, and installed from that into an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Installed:
    """A tarball, the folder it is installed in, and an empty folder to work from."""

    tarball: Path
    collections: Path
    empty: Path

    @property
    def top(self) -> Path:
        """The collection itself."""
        return self.collections / "ansible_collections/multiarch/builders"

    def run(self, program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A program of Ansible or pytest in the empty folder, which knows this collection and no ansible.cfg."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        own = {"ANSIBLE_COLLECTIONS_PATH": str(self.collections), "ANSIBLE_NOCOLOR": "1", "COLUMNS": "200"}
        command = [str(BIN / program), *arguments]
        return subprocess.run(
            command, cwd=self.empty, env={**clean, **own, **environment}, capture_output=True, text=True, check=False
        )


def install(folder: Path) -> Installed:
    """Build the checkout and install it below *folder*, without any network."""
    installed = Installed(folder / "multiarch-builders.tar.gz", folder / "collections", folder / "empty")
    installed.empty.mkdir(parents=True)
    galaxy = [str(BIN / "ansible-galaxy"), "collection"]
    _run([*galaxy, "build", "--output-path", str(folder), str(ROOT)], folder)
    (built,) = folder.glob("multiarch-builders-*.tar.gz")
    built.rename(installed.tarball)
    _run(
        [*galaxy, "install", str(installed.tarball), "-p", str(installed.collections), "--offline", "--no-deps"], folder
    )
    return installed


def _run(command: list[str], folder: Path) -> None:
    """Run *command* away from the checkout, which is an installed collection too."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
