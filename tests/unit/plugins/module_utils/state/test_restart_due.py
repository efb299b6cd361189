# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the running dockerd has not seen: the marks are real files, only the time of its start is given."""

from __future__ import annotations

import os
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Effect
from ansible_collections.multiarch.builders.plugins.module_utils.state import restart_due
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

RELOAD, FILE = Effect.CONFIGURATION_RELOADS, Effect.CONFIGURATION_CHANGES

Start: t.TypeAlias = "t.Callable[[float | None], None]"


pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture
def dockerd_started(monkeypatch: pytest.MonkeyPatch) -> Start:
    """Say when dockerd started, in seconds from now; None if it does not run."""

    def say(seconds: float | None) -> None:
        start = None if seconds is None else float(Path("/proc/uptime").read_text().split()[0]) + seconds
        monkeypatch.setattr(restart_due, "daemon_start", lambda: start)

    return say


@pytest.mark.parametrize(
    ("started", "unseen"),
    [
        pytest.param(-60, {RELOAD}, id="dockerd runs since before"),
        pytest.param(60, set(), id="dockerd was started after it"),
        pytest.param(None, set(), id="dockerd does not run: it will read everything"),
    ],
)
def test_what_dockerd_has_not_seen(
    started: float | None, unseen: set[Effect], dockerd_started: Start, home: Path
) -> None:
    restart_due.note(RELOAD)
    assert [each.name for each in home.iterdir()] == ["pending.json"]
    dockerd_started(started)
    assert restart_due.since_start() == unseen


def test_a_moment_is_comparable_with_the_start_of_a_process() -> None:
    """Whatever /proc/uptime says, which lxcfs replaces in containers."""
    before = restart_due.moment().uptime
    with subprocess.Popen(["sleep", "60"]) as process:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        process.kill()
    ticks = os.sysconf("SC_CLK_TCK")
    assert before - 1 / ticks <= int(fields[19]) / ticks <= restart_due.moment().uptime


def test_nothing_was_noted(home: Path, dockerd_started: Start) -> None:
    dockerd_started(-60)
    assert restart_due.since_start() == frozenset()
    assert not home.exists()


def test_each_effect_has_its_own_mark(dockerd_started: Start) -> None:
    dockerd_started(-60)
    restart_due.note(RELOAD)
    restart_due.note(FILE)
    assert restart_due.since_start() == {RELOAD, FILE}
    restart_due.forget(FILE)
    restart_due.forget(Effect.DAEMON_RESTARTS)
    assert restart_due.since_start() == {RELOAD}
    assert list(record.load("pending")["marks"]) == [RELOAD.name]


def test_a_later_note_counts(dockerd_started: Start) -> None:
    restart_due.note(RELOAD)
    marks = record.load("pending")["marks"]
    record.save("pending", {"marks": {RELOAD.name: {**marks[RELOAD.name], "uptime": 0.5}}})
    dockerd_started(-1)
    assert restart_due.since_start() == frozenset()
    restart_due.note(RELOAD)
    assert restart_due.since_start() == {RELOAD}


def test_marks_of_another_boot_do_not_count(dockerd_started: Start) -> None:
    restart_due.note(RELOAD)
    restart_due.note(FILE)
    marks = record.load("pending")["marks"]
    record.save("pending", {"marks": {**marks, RELOAD.name: {**marks[RELOAD.name], "boot": "another"}}})
    dockerd_started(-60)
    assert restart_due.since_start() == {FILE}
