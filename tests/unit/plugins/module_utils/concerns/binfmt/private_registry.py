# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run inside new user and mount namespaces: use a binfmt_misc of one's own, which ends with this process.

The one argument is a request as JSON, the answer on stdout too. The machine's own registry is never seen:
a kernel before Linux 6.7 refuses the mount, and a registry that is not empty is not touched.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path


def main(mountpoint: Path, writes: list[tuple[str, str]], root: str | None) -> dict[str, t.Any]:
    if subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", mountpoint], check=False).returncode:
        sys.exit("binfmt_misc cannot be mounted in a user namespace")
    if {entry.name for entry in mountpoint.iterdir()} != {"register", "status"}:
        sys.exit("this registry is not a new one")
    for name, text in writes:
        # One write, unbuffered: the kernel takes each as a whole.
        with (mountpoint / name).open("wb", buffering=0) as file:
            file.write(text.encode())
    answer: dict[str, t.Any] = {"files": {entry.name: read(entry) for entry in mountpoint.iterdir()}}
    if root is not None:
        answer["ran"] = run("/probe", root)
    return answer


def read(entry: Path) -> str | None:
    return None if entry.name == "register" else entry.read_text()


def run(path: str, root: str) -> str:
    """What the executable prints in the chroot, or why it does not run."""
    try:
        ran = subprocess.run(
            [path], preexec_fn=lambda: os.chroot(root), env={}, capture_output=True, check=True, text=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        return f"{type(error).__name__}: {error}"
    return ran.stdout


if __name__ == "__main__":
    request = json.loads(sys.argv[1])
    print(json.dumps(main(Path(request["mountpoint"]), request["writes"], request["root"])))
