# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which file dockerd reads here, and what others may do with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import configuration_file
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.configuration_file import rights_of
from ansible_collections.multiarch.builders.plugins.module_utils.docker import process
from ansible_collections.multiarch.builders.plugins.module_utils.host import units
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import FileState, fault, restore
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import Host, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.recorded_units import shown

PLAIN, SECRET = '{"debug": true}', '{"proxies": {"http-proxy": "http://me:word@proxy:3128"}}'


@pytest.mark.parametrize(
    ("text", "found", "told"),
    [
        pytest.param(PLAIN, FileState(0o644, 0, 0), None, id="as usual"),
        pytest.param(PLAIN, FileState(0o600, 0, 0), None, id="root's alone"),
        pytest.param(PLAIN, FileState(0o664, 0, 999), None, id="a group may write it: whose it is, is a choice"),
        pytest.param(PLAIN, FileState(0o640, 1000, 999), None, id="a user's"),
        pytest.param(PLAIN, FileState(0o666, 0, 0), "has mode 0666, not 0664", id="all may write it"),
        pytest.param(SECRET, FileState(0o600, 0, 0), None, id="a password, root's alone"),
        pytest.param(SECRET, FileState(0o640, 0, 999), None, id="a password, for a group"),
        pytest.param(SECRET, FileState(0o644, 0, 0), "has mode 0644, not 0640", id="a password for all to read"),
    ],
)
def test_what_others_may_do_with_it(text: str, found: FileState, told: str | None) -> None:
    words = fault(found, rights_of(found, text, "daemon.json"))
    assert words == (told and f"daemon.json {told}")


def test_it_is_told_and_closed(daemon_json: Path) -> None:
    assert configuration_file.too_open(None) == {}
    daemon_json.parent.mkdir(parents=True)
    daemon_json.write_text(PLAIN)
    daemon_json.chmod(0o646)
    (action,) = configuration_file.closing(configuration_file.too_open(PLAIN))
    assert action.summary == f"restrict access: {DAEMON_JSON} has mode 0646, not 0644"
    restore(action.step)  # type: ignore[arg-type]
    assert configuration_file.closing(configuration_file.too_open(PLAIN)) == []


def test_a_unit_that_names_another_file(programs: Callable[[str, str], Path], tmp_path: Path) -> None:
    text = "# für alle\nDOCKER_OPTS=--config-file=/other.json\n"
    (tmp_path / "environment").write_text(text, encoding="latin-1")
    asked = {"EnvironmentFiles": "/environment (ignore_errors=yes)"}
    (tmp_path / "answer").write_text(shown(docker=asked))
    programs("systemctl", f"cat {tmp_path}/answer")
    assert "--config-file /other.json (/environment)" in str(configuration_file.elsewhere())
    (tmp_path / "environment").write_text("")
    assert configuration_file.elsewhere() is None
    units.forget()


@pytest.mark.parametrize(
    ("arguments", "used"),
    [
        pytest.param((), None, id="none runs, or its own choice"),
        pytest.param(("--config-file", DAEMON_JSON), None, id="daemon.json"),
        pytest.param(("-H", "fd://", "--config-file=/other.json"), "/other.json", id="another"),
    ],
)
def test_the_file_that_the_running_dockerd_was_started_with(
    arguments: tuple[str, ...], used: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configuration_file, "daemon_arguments", lambda: arguments)
    assert configuration_file.other_in_use() == used


def test_the_arguments_of_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "daemon_pid", os.getpid)
    with standing_on(Host()):
        assert list(process.daemon_arguments()) == Path("/proc/self/cmdline").read_text().split("\0")[1:-1]
    monkeypatch.setattr(process, "daemon_pid", lambda: None)
    assert process.daemon_arguments() == ()
