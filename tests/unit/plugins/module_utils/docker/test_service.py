# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker.service at stand-ins for systemctl, journalctl and dockerd: what counts is whether dockerd answers."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes.docker_start import Why
from ansible_collections.multiarch.builders.plugins.module_utils.docker import service
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import DockerdStandIn

Programs = Callable[[str, str], Path]
Verb = Callable[[Docker], "Why | None"]

VERBS = [
    pytest.param(service.start, "start", id="start"),
    pytest.param(service.restart, "restart", id="restart"),
]
FAILS = 'echo "Job for docker.service failed." >&2; exit 1'
SHOWN = "Id=docker.service\\nLoadState={load}\\nActiveState=activating\\n"
GOODBYE = {"_SYSTEMD_UNIT": "docker.service", "_SYSTEMD_INVOCATION_ID": "former", "MESSAGE": "failed to say goodbye"}
NO_FOLDER = {"_SYSTEMD_UNIT": "docker.service", "_SYSTEMD_INVOCATION_ID": "this", "MESSAGE": "no such folder"}


def systemctl(verb: str, load: str = "loaded") -> str:
    """The script of a systemctl whose start or restart does *verb*."""
    shown = f"case \"$*\" in *--value*) echo former ;; *) printf '{SHOWN.format(load=load)}' ;; esac"
    return f'case "$1" in start | restart) {verb} ;; show) {shown} ;; esac'


def journal(*lines: dict[str, str]) -> str:
    text = "\n".join(map(json.dumps, lines))
    return f"case \"$*\" in *--output=json*) printf '%s' '{text}' ;; esac"


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a dockerd that does not answer."""
    monkeypatch.setattr(service, "_START_SECONDS", 0.1)


@pytest.mark.parametrize(("bring_up", "verb"), VERBS)
def test_a_dockerd_that_answers_is_up(bring_up: Verb, verb: str, docker: Docker, programs: Programs) -> None:
    calls = programs("systemctl", "")
    assert bring_up(docker) is None
    assert calls.read_text().splitlines() == [
        "reset-failed docker.service docker.socket",  # or the third start within a minute is refused
        "show --property=InvocationID --value docker.service",
        f"{verb} docker.service",
    ]


@pytest.mark.parametrize(
    ("verb_does", "lines", "ready", "cause"),
    [
        pytest.param(FAILS, [GOODBYE, NO_FOLDER], False, "no such folder", id="systemctl fails: the journal knows why"),
        pytest.param(FAILS, [], False, "Job for docker.service failed.", id="an empty journal: systemctl's words"),
        pytest.param(FAILS, [GOODBYE], False, "Job for docker.service failed.", id="only the goodbye of the former"),
        pytest.param(":", [NO_FOLDER], False, "no such folder", id="systemctl is content, dockerd does not answer"),
        pytest.param(":", [], False, "docker.service is activating", id="nobody says anything"),
        pytest.param(
            FAILS, [NO_FOLDER], True, "no such folder", id="systemctl fails, the former dockerd still answers"
        ),
    ],
)
@pytest.mark.parametrize(("bring_up", "verb"), VERBS)
def test_a_dockerd_that_does_not_come_up(
    verb_does: str,
    lines: list[dict[str, str]],
    ready: bool,
    cause: str,
    bring_up: Verb,
    verb: str,
    dockerd: DockerdStandIn,
    docker: Docker,
    programs: Programs,
) -> None:
    dockerd.ready = ready
    calls = programs("systemctl", systemctl(verb_does))
    read = programs("journalctl", journal(*lines))
    began = time.time()
    why = bring_up(docker)
    assert why is not None
    assert why.cause == cause
    assert "goodbye" not in why.said
    assert f"{verb} docker.service" in calls.read_text().splitlines()
    synced, asked = read.read_text().splitlines()[:2]
    assert synced == "--sync"
    assert began - 1 <= float(asked.partition("--since=@")[2].partition(" ")[0]) <= time.time(), "this start only"
    assert "--unit=docker.service --unit=docker.socket --unit=containerd.service" in asked


def test_a_masked_unit_is_told_by_name(docker: Docker, dockerd: DockerdStandIn, programs: Programs) -> None:
    dockerd.ready = False
    programs(
        "systemctl",
        systemctl("echo 'Failed to start docker.service: Unit docker.service is masked.' >&2; exit 1", "masked"),
    )
    programs("journalctl", journal(GOODBYE))
    assert service.start(docker) == Why("docker.service is masked", "`systemctl unmask docker.service`")


def test_a_unit_that_systemd_refuses_is_verified(docker: Docker, dockerd: DockerdStandIn, programs: Programs) -> None:
    dockerd.ready = False
    programs("systemctl", systemctl("exit 1", "bad-setting"))
    programs("systemd-analyze", "echo 'docker.service: Service has no ExecStart=. Refusing.' >&2; exit 1")
    programs("journalctl", "")
    why = service.start(docker)
    assert why is not None
    assert why.cause == "docker.service has a setting that systemd refuses: Service has no ExecStart=. Refusing."


def test_reload_believes_no_exit_status(programs: Programs) -> None:
    calls = programs("systemctl", "exit 1")
    service.reload()
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
    assert service.until(iter(told).__next__, seconds) == words


@pytest.mark.parametrize(("bring_up", "verb"), VERBS)
def test_a_start_that_never_ends_has_failed(
    bring_up: Verb, verb: str, no_docker: Docker, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docker's unit sets no limit; what was changed for the start is undone by whoever asked for it."""
    programs("systemctl", systemctl("exec sleep 30"))
    programs("journalctl", journal(NO_FOLDER))
    monkeypatch.setattr(service, "run", functools.partial(run, timeout=1))
    found = bring_up(no_docker)
    assert found is not None
    assert found.cause == "no such folder"
    assert verb in ("start", "restart")
