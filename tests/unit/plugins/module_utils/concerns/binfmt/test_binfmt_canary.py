# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the canary runs in an image; that it runs under a new emulator alone is tested in tests/hosts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.canary import SCRIPT, _ended

GNU = ["a child process", "a signal handler", "ldconfig", "sort", "sort, in two threads"]


def ran(folder: Path, path: str = "/usr/sbin:/usr/bin:/sbin:/bin") -> tuple[int, list[str]]:
    """(exit status, the steps)."""
    done = subprocess.run(
        ["/bin/sh", "-c", SCRIPT],
        env={"PATH": path, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, [
        line.partition(": ")[2] for line in done.stderr.splitlines() if line.startswith("canary: ")
    ]


@pytest.mark.skipif(not Path("/sbin/ldconfig").exists(), reason="no glibc")
def test_steps_with_glibc_and_gnu_programs(tmp_path: Path) -> None:
    assert ran(tmp_path) == (0, GNU)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["ld.so.cache", "sorted"]


@pytest.mark.parametrize(
    ("script", "status"),
    [
        pytest.param("exit 1", 0, id="it knows no --version: not GNU's"),
        pytest.param("kill -SEGV $$", 1, id="it crashes"),
        pytest.param("[ $1 = --version ] && echo GNU || kill -SEGV $$", 139, id="it crashes later"),
        pytest.param("[ $1 = --version ] && echo GNU || echo 1", 1, id="it sorts wrongly"),
    ],
)
def test_what_a_sort_does(script: str, status: int, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sort").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "sort").chmod(0o755)
    found, steps = ran(tmp_path, f"{folder}:/usr/bin:/bin")
    assert (found, steps[-1][:4]) == (status, "sort")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param(139, "was killed by SIGSEGV", id="a signal"),
        pytest.param(1, "exited with status 1", id="a status"),
        pytest.param(255, "exited with status 255", id="no signal of that number"),
    ],
)
def test_how_it_ended(status: int, words: str) -> None:
    assert _ended(status) == words
