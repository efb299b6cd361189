"""One run at a time changes a host."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.resource import Trust
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.run import lock
from ansible_collections.multiarch.builders.plugins.module_utils.run.plan import plan_concerns
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import NewerRecordError

ANOTHER_RUN = """
import sys
from ansible_collections.multiarch.builders.plugins.module_utils.run import lock
with lock.held("daemon", 0, sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "lock")


def another_run(path: str, **environment: str) -> subprocess.Popen[str]:
    """A process that holds the lock when this returns, until its input ends."""
    command = [sys.executable, "-c", ANOTHER_RUN, path]
    imports = os.pathsep.join(each for each in sys.path if each)
    environment = {**os.environ, "PYTHONPATH": imports, **environment}
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def waiting_ends(monkeypatch: pytest.MonkeyPatch) -> Callable[[subprocess.Popen[str]], None]:
    """Ends another run as soon as this one waits for it, however busy the machine is."""

    def arrange(other: subprocess.Popen[str]) -> None:
        sleep = time.sleep

        def end_it(seconds: float) -> None:
            assert other.stdin is not None
            other.stdin.close()
            sleep(seconds)

        monkeypatch.setattr("time.sleep", end_it)

    return arrange


def test_the_second_run_fails_with_who_holds_it(path: str) -> None:
    other = another_run(path, SUDO_USER="ops", SSH_CONNECTION="192.0.2.7 40000 192.0.2.1 22")
    try:
        with pytest.raises(HostError) as error, lock.held("buildx", 0.3, path):
            pytest.fail("two runs hold the lock")
    finally:
        other.kill()
        other.wait()
    said = str(error.value)
    assert f"another run is changing this host: daemon of ops from 192.0.2.7, process {other.pid}, since " in said
    assert "builder_lock_timeout" in said


def test_the_second_run_waits_and_goes_on(path: str, waiting_ends: Callable[[subprocess.Popen[str]], None]) -> None:
    other = another_run(path)
    waiting_ends(other)
    with lock.held("buildx", 600, path) as waited:
        assert Path(path).read_text().startswith("buildx of ")
    assert other.wait() == 0
    assert re.match(rf"\d+\.\d s for another run: daemon of .*, process {other.pid}, since ", waited), waited


def test_a_killed_run_leaves_no_lock(path: str) -> None:
    other = another_run(path)
    other.send_signal(signal.SIGKILL)
    other.wait()
    with lock.held("buildx", 0, path) as waited:
        assert waited == ""


def test_a_program_that_the_run_starts_does_not_keep_it(path: str) -> None:
    with lock.held("trust", 0, path):
        program = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        with lock.held("trust", 0, path):
            pass
    finally:
        program.kill()
        program.wait()


def test_what_fails_inside_gives_the_lock_back(path: str) -> None:
    with pytest.raises(HostError, match="disk"), lock.held("trust", 0, path):
        raise HostError("disk full")
    with lock.held("trust", 0, path):
        pass


def test_only_root_may_hold_or_read_it(path: str) -> None:
    with lock.held("trust", 0, path):
        assert Path(path).stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(path: str, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep")
    Path(path).symlink_to(tmp_path / "precious")
    with pytest.raises(HostError, match="symbolic"), lock.held("trust", 0, path):
        pytest.fail("followed")
    assert (tmp_path / "precious").read_text() == "keep"


class Module:
    """A stand-in for AnsibleModule: how it was called, and its warnings."""

    def __init__(self, *, check_mode: bool) -> None:
        self.check_mode, self.params, self.warnings = check_mode, {"lock_timeout": 0}, list[str]()

    def warn(self, words: str) -> None:
        self.warnings.append(words)


def test_a_check_takes_none_and_waits_for_nobody(path: str) -> None:
    module = Module(check_mode=True)
    with lock.held("daemon", 0, path), lock.alone(module, "trust", path):
        assert Path(path).read_text().startswith("daemon of ")
    with lock.alone(module, "trust", path):
        assert Path(path).read_text() == ""


def test_a_change_waits_as_long_as_asked_and_tells_that_it_did(
    path: str, waiting_ends: Callable[[subprocess.Popen[str]], None]
) -> None:
    module = Module(check_mode=False)
    with lock.held("daemon", 0, path), pytest.raises(HostError), lock.alone(module, "trust", path):
        pytest.fail("two runs hold the lock")
    module.params["lock_timeout"] = 600
    other = another_run(path)
    waiting_ends(other)
    with lock.alone(module, "trust", path):
        assert Path(path).read_text().startswith("trust of ")
    other.wait()
    (warned,) = module.warnings
    assert re.match(r"waited \d+\.\d s for another run: daemon of ", warned), warned


@pytest.mark.parametrize("check", [True, False], ids=["check mode", "a run"])
def test_a_host_that_a_newer_version_changed_is_left_alone(check: bool, path: str, home: Path) -> None:
    home.mkdir(parents=True)
    (home / "of_tomorrow.json").write_text('{"format": 2}')
    with (
        pytest.raises(NewerRecordError, match=r"of_tomorrow\.json has format 2"),
        lock.alone(Module(check_mode=check), "trust", path),
    ):
        pytest.fail("something is done to it")
    assert plan_concerns([Trust], {}, Docker("/nowhere"))[0] == {}
