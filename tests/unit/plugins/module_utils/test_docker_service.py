# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker.service at stand-ins for systemctl, journalctl and dockerd: what counts is whether dockerd answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils import docker_service
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import DockerdStandIn

Programs = Callable[[str, str], Path]
Verb = Callable[[Docker], "str | None"]

VERBS = [
    pytest.param(docker_service.start, "start", id="start"),
    pytest.param(docker_service.restart, "restart", id="restart"),
]
FAILS = 'case "$1" in start | restart) echo "Job for docker.service failed." >&2; exit 1 ;; esac'
JOURNAL = "failed to start daemon: no such folder"


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a dockerd that does not answer."""
    monkeypatch.setattr(docker_service, "_START_SECONDS", 0.1)


@pytest.mark.parametrize(("bring_up", "verb"), VERBS)
def test_a_dockerd_that_answers_is_up(bring_up: Verb, verb: str, docker: Docker, programs: Programs) -> None:
    calls = programs("systemctl", "")
    assert bring_up(docker) is None
    assert calls.read_text().splitlines() == [
        "reset-failed docker.service docker.socket",  # or the third start within a minute is refused
        f"{verb} docker.service",
    ]


@pytest.mark.parametrize(
    ("systemctl", "journal", "ready", "words"),
    [
        pytest.param(FAILS, JOURNAL, False, JOURNAL, id="systemctl fails: the journal knows why"),
        pytest.param(FAILS, "", False, "Job for docker.service failed.", id="an empty journal: systemctl's words"),
        pytest.param("", JOURNAL, False, JOURNAL, id="systemctl is content, dockerd does not answer"),
        pytest.param("", "", False, "nothing said", id="nobody says anything"),
        pytest.param(FAILS, JOURNAL, True, JOURNAL, id="systemctl fails, and the former dockerd still answers"),
    ],
)
@pytest.mark.parametrize(("bring_up", "verb"), VERBS)
def test_a_dockerd_that_does_not_come_up(
    systemctl: str,
    journal: str,
    ready: bool,
    words: str,
    bring_up: Verb,
    verb: str,
    dockerd: DockerdStandIn,
    docker: Docker,
    programs: Programs,
) -> None:
    dockerd.ready = ready
    calls = programs("systemctl", systemctl)
    read = programs("journalctl", f"printf '%s' '{journal}'")
    assert bring_up(docker) == words
    assert calls.read_text().splitlines()[-1] == f"{verb} docker.service"
    assert read.read_text() == "--unit=docker.service --lines=15 --no-pager --output=cat\n"


def test_reload_believes_no_exit_status(programs: Programs) -> None:
    calls = programs("systemctl", "exit 1")
    docker_service.reload()
    assert calls.read_text() == "reload docker.service\n"


@pytest.mark.parametrize(
    ("told", "seconds", "words"),
    [
        pytest.param([None], 0, None, id="at once"),
        pytest.param(["not yet", "nearly", None], 30, None, id="after a while"),
        pytest.param(["not yet", None], 0, "not yet", id="no time to wait"),
        pytest.param(["not yet", *["never"] * 9, None], 0.3, "never", id="not enough time: the last words"),
    ],
)
def test_until(told: list[str | None], seconds: float, words: str | None) -> None:
    assert docker_service.until(iter(told).__next__, seconds) == words
