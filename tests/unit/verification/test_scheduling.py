# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's checks run in one process of xdist, with the pytest and the xdist that are pinned."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.verification.scheduling import host_of

ROOT = Path(__file__).resolve().parents[3]
CONFTEST = """
from ansible_collections.multiarch.builders.verification.scheduling import by_host

HOSTS = ["ci", "ci-1", "ci-2"]

def pytest_xdist_make_scheduler(config, log):
    return by_host(config, log, HOSTS)
"""
CHECKS = r"""
import os, time, pathlib, pytest

@pytest.mark.parametrize("about", ["a", "b", "c", "d"])
@pytest.mark.parametrize("name", ["ci", "ci-1", "ci-2"])
def test_looks(name, about):
    time.sleep(0.05)
    with (pathlib.Path(__file__).parent / "ran").open("a") as file:
        file.write(f"{name} {os.getpid()}\n")
"""


@pytest.mark.parametrize(
    ("nodeid", "host"),
    [
        pytest.param("test_host.py::test_answers[ci]", "ci", id="nothing but the host"),
        pytest.param("test_host.py::test_runs[ci-1-linux/arm64]", "ci-1", id="and a platform"),
        pytest.param("test_host.py::test_runs[ci-linux/arm64]", "ci", id="a host whose name begins another's"),
        pytest.param("test_host.py::test_runs[ci-10-x]", "ci", id="no host of that number"),
        pytest.param("test_host.py::test_runs[other-x]", "test_host.py::test_runs[other-x]", id="no host"),
        pytest.param("test_host.py::test_runs[pr\\xfcf-linux/arm64]", "prüf", id="as pytest spells it"),
        pytest.param("test_host.py::test_alone", "test_host.py::test_alone", id="no parameters"),
    ],
)
def test_host_of(nodeid: str, host: str) -> None:
    assert host_of(nodeid, ["ci", "ci-1", "ci-2", "prüf"]) == host


@pytest.mark.parametrize("dist", ["loadscope", "loadgroup", "load"])
def test_one_hosts_checks_run_in_one_process(dist: str, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_checks.py").write_text(CHECKS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "xdist.plugin",
        "-n",
        "2",
        f"--dist={dist}",
        str(tmp_path),
    ]
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # with xdist: others take seconds to load
    environment = {**os.environ, **alone, "PYTHONPATH": str(ROOT / ".ansible/collections")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    processes: dict[str, set[str]] = {}
    for line in (tmp_path / "ran").read_text().splitlines():
        name, process = line.split()
        processes.setdefault(name, set()).add(process)
    assert {name: len(found) for name, found in processes.items()} == {"ci": 1, "ci-1": 1, "ci-2": 1}, processes
    assert len(set.union(*processes.values())) == 2, "both processes work"


def test_the_suite_itself_schedules_so(tmp_path: Path) -> None:
    """As `make verify` starts it, with a fleet of this machine three times over; what the checks find is no matter."""
    hosts = ("ci", "ci-1", "ci-2")
    inventory = {"builders": {"hosts": {host: {"ansible_connection": "local"} for host in hosts}}}
    (tmp_path / "hosts.json").write_text(json.dumps(inventory))
    some = "dockerd_answers or daemon_json_is_valid or daemon_json_is_as_asked or image_store"
    asked = ["verification", f"--ansible-inventory={tmp_path}/hosts.json"]
    command = [sys.executable, "-m", "pytest", *asked, "--numprocesses=2", "-vv", "-k", some]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    processes: dict[str, set[str]] = {}
    for process, host in re.findall(r"\[(gw\d)\].*::test_\w+\[([\w-]+)\]", done.stdout):
        processes.setdefault(host, set()).add(process)
    assert {host: len(found) for host, found in processes.items()} == dict.fromkeys(hosts, 1), done.stdout + done.stderr
