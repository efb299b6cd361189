# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suite's files never say that a host passed whose checks were not all made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HOSTS = ("ci-1", "inventory", "prüf-2")  # the second was once the name of a file of ours
# What happens to the checks of ci-1.
PLUGIN = """
import os, pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if item.callspec.params["name"] == "ci-1":
        {what}
"""


def run(folder: Path, what: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The suite with a fleet of this machine, and *what* a plugin does with it."""
    (folder / "plugin.py").write_text(PLUGIN.format(what=what))
    hosts = {host: {"ansible_connection": "local", "ansible_become": False} for host in HOSTS}
    (folder / "hosts.json").write_text(json.dumps({"builders": {"hosts": hosts}}))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "verification",
        "-p",
        "plugin",
        f"--ansible-inventory={folder}/hosts.json",
    ]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [*command, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("what", "arguments", "status", "failed"),
    [
        pytest.param("os._exit(7)", ["--numprocesses=2"], 1, {*HOSTS}, id="a process ended"),
        pytest.param("raise KeyboardInterrupt", [], 2, {*HOSTS}, id="the run was interrupted"),
        pytest.param("pass", ["-k", "none_of_them"], 5, {*HOSTS}, id="nothing was checked"),
    ],
)
def test_a_run_that_does_not_end_well(
    what: str, arguments: list[str], status: int, failed: set[str], tmp_path: Path
) -> None:
    done = run(tmp_path, what, "-k", "daemon_json_is_as_asked", f"--results={tmp_path}/new/results", *arguments)
    assert done.returncode == status, done.stdout + done.stderr
    found = json.loads((tmp_path / "new/results/verification.json").read_text())
    assert {host for host, each in found["hosts"].items() if not each["passed"]} == failed, found
    assert found["passed"] is False
    assert {*found["hosts"]} == {*HOSTS}
    names = {each["name"] for host in found["hosts"].values() for each in host["checks"]}
    assert names <= {"daemon_json_is_as_asked", "verification"}


def test_a_host_that_does_not_exist_is_told_before_the_others_pass(tmp_path: Path) -> None:
    done = run(tmp_path, "pass", "--hosts=ansible://ci-1,ansible://ci-11", f"--results={tmp_path}/results")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "Could not match supplied host pattern, ignoring: ci-11" in done.stderr


def test_a_folder_for_results_that_cannot_be_made_is_told_before_anything_is_checked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run(tmp_path, "pass", f"--results={tmp_path}/file/results")
    assert done.returncode == 4
    assert f"--results={tmp_path}/file/results: cannot be made: Not a directory" in done.stderr
