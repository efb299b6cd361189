# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process of dockerd: a process of the tests stands in for it, its times are read from the real /proc."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker import process
from ansible_collections.multiarch.builders.plugins.module_utils.docker.process import daemon_pid, daemon_start

pytestmark = pytest.mark.usefixtures("processes")


def uptime() -> float:
    return float(Path("/proc/uptime").read_text().split()[0])


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    path = tmp_path / "run/docker.pid"
    path.parent.mkdir()
    return path


@pytest.fixture(params=["dockerd", "a) b (c"])
def daemon(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of that name."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    program = tmp_path / request.param
    shutil.copy(Path(sleep).resolve(), program)
    with subprocess.Popen([program, "60"]) as running:
        comm = Path(f"/proc/{running.pid}/comm")
        while comm.read_text().strip() != request.param:  # the kernel gives the name a moment after the start
            time.sleep(0.01)
        yield running
        running.kill()


@pytest.mark.parametrize("daemon", ["dockerd"], indirect=True)
def test_dockerd_is_the_process_of_its_pid_file(daemon: subprocess.Popen[bytes], pid_file: Path) -> None:
    pid_file.write_text(f"{daemon.pid}\n")
    assert daemon_pid() == daemon.pid


@pytest.fixture
def before() -> float:
    """The seconds since boot before anything that is asked for after it."""
    return uptime()


def test_when_it_started_whatever_its_name(
    before: float, daemon: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = uptime()
    monkeypatch.setattr(process, "daemon_pid", lambda: daemon.pid)
    started = daemon_start()
    assert started is not None
    assert before - 0.01 <= started <= now + 0.01


@pytest.mark.parametrize("text", [pytest.param(str(os.getpid()), id="pytest"), "", "no number", "999999999"])
def test_a_pid_file_of_another_process_does_not_count(
    text: str, pid_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays after a crash, and its number may be somebody else's by then; systemd is asked."""
    pid_file.write_text(text)
    asked: list[list[str]] = []

    def systemctl(argv: list[str]) -> subprocess.CompletedProcess[str]:
        asked.append(argv)
        return subprocess.CompletedProcess(argv, 0, "0\n", "")

    monkeypatch.setattr(process, "run", systemctl)
    assert daemon_pid() is None
    assert [argv[0] for argv in asked] == ["systemctl"]


def test_a_process_that_is_gone_never_started(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    monkeypatch.setattr(process, "daemon_pid", lambda: gone.pid)
    assert daemon_start() is None
    monkeypatch.setattr(process, "daemon_pid", lambda: None)
    assert daemon_start() is None
