"""One run at a time changes a host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils import lock
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError

ANOTHER_RUN = """
import sys, time
from ansible_collections.multiarch.builders.plugins.module_utils import lock
with lock.held("module docker_daemon", 0, sys.argv[1]):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "lock")


def another_run(path: str, seconds: float, **environment: str) -> subprocess.Popen[str]:
    """A process that holds the lock when this returns."""
    command = [sys.executable, "-c", ANOTHER_RUN, path, str(seconds)]
    imports = os.pathsep.join(each for each in sys.path if each)
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": imports, **environment}
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_run_fails_with_who_holds_it(path: str) -> None:
    other = another_run(path, 60, SUDO_USER="ops", SSH_CONNECTION="192.0.2.7 40000 192.0.2.1 22")
    try:
        with pytest.raises(HostError) as error, lock.held("module buildx_builder", 0.3, path):
            pytest.fail("two runs hold the lock")
    finally:
        other.kill()
        other.wait()
    said = str(error.value)
    assert f"module docker_daemon of ops from 192.0.2.7, process {other.pid}, since " in said
    assert "builder_lock_timeout" in said


def test_the_second_run_waits_and_goes_on(path: str) -> None:
    other = another_run(path, 0.5)
    begin = time.monotonic()
    with lock.held("module buildx_builder", 60, path):
        assert time.monotonic() - begin < 30
    assert other.wait() == 0


def test_a_killed_run_leaves_no_lock(path: str) -> None:
    other = another_run(path, 60)
    other.send_signal(signal.SIGKILL)
    other.wait()
    with lock.held("module buildx_builder", 0, path):
        pass


def test_what_fails_inside_gives_the_lock_back(path: str) -> None:
    with pytest.raises(HostError, match="disk"), lock.held("module trust", 0, path):
        raise HostError("disk full")
    with lock.held("module trust", 0, path):
        pass


def test_only_root_may_hold_or_read_it(path: str) -> None:
    with lock.held("module trust", 0, path):
        assert Path(path).stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(path: str, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep")
    Path(path).symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic"), lock.held("module trust", 0, path):
        pytest.fail("followed")
    assert (tmp_path / "precious").read_text() == "keep"
