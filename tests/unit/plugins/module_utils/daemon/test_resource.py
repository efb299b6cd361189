# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dockerd's plan makes of its decisions, and daemon.json as it is written; nothing is restarted here.

Plans that write daemon.json ask dockerd to validate it, so they are tested on hosts.
"""

from __future__ import annotations

import json
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils import record
from ansible_collections.multiarch.builders.plugins.module_utils.daemon import resource
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.decide import DaemonState
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.resource import (
    Daemon,
    RestartDaemon,
    WriteConfiguration,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.resource import NO_EFFECTS, Action, Effect, Effects
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Disruption, Registry
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

SNAPSHOTTER = {"features": {"containerd-snapshotter": True}}
CONTAINERD = {"Driver": "overlayfs", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
OVERLAY2 = {"Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]]}
TRUST: Effects = frozenset({Effect.TRUST_STORE_CHANGES})


def daemon(docker: Docker, mode: str = "wait", *, switch: bool = False, options: t.Any = None) -> Daemon:
    return Daemon((), options or {}, Disruption(mode, 900), switch, docker)


def state(info: dict[str, t.Any] | None, unseen: Effects = NO_EFFECTS) -> DaemonState:
    return DaemonState(json.dumps(SNAPSHOTTER), SNAPSHOTTER, (), info, unseen)


def test_a_dockerd_that_runs_as_asked_needs_nothing(no_docker: Docker) -> None:
    plan = daemon(no_docker).plan(state(CONTAINERD), NO_EFFECTS)
    assert (plan.actions, plan.notes) == ((), ())


@pytest.mark.parametrize(
    ("now", "effects"),
    [
        pytest.param(state(CONTAINERD), TRUST, id="trust changes the store in this run"),
        pytest.param(state(CONTAINERD, TRUST), NO_EFFECTS, id="a run was killed in between"),
    ],
)
@pytest.mark.parametrize("mode", ["wait", "now"])
def test_a_changed_trust_store_restarts_docker_once(
    now: DaemonState, effects: Effects, mode: str, no_docker: Docker
) -> None:
    plan = daemon(no_docker, mode).plan(now, effects)
    assert [type(action.step) for action in plan.actions] == [RestartDaemon]
    assert plan.actions[0].summary == (
        "restart docker: the operating system's trust store changed, which dockerd reads once"
    )
    assert plan.effects == {Effect.DAEMON_RESTARTS}


def test_disruption_never_tells_in_place_of_a_restart(no_docker: Docker) -> None:
    plan = daemon(no_docker, "never").plan(state(CONTAINERD), TRUST)
    assert plan.actions == ()
    assert plan.effects == NO_EFFECTS
    assert plan.notes == (
        "docker needs a restart, which builder_disruption: never forbids: the operating system's trust store changed, "
        "which dockerd reads once",
    )


def test_what_a_restart_would_end_is_told(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /info"] = as_json({})
    dockerd.answers["GET /containers/json"] = as_json([{"Id": "1", "Names": ["/ci-job"]}])
    dockerd.answers["GET /containers/1/json"] = as_json({"HostConfig": {"RestartPolicy": {"Name": "no"}}})
    plan = daemon(docker).plan(state(CONTAINERD), TRUST)
    assert plan.actions[0].summary.endswith(" (running now: container ci-job)")


@pytest.mark.parametrize(
    ("images", "containers", "switch", "refused"),
    [
        pytest.param(0, 0, False, False, id="nothing there: no leave is needed"),
        pytest.param(3, 0, False, True, id="images"),
        pytest.param(0, 2, False, True, id="containers"),
        pytest.param(3, 2, True, False, id="with leave"),
    ],
)
def test_another_image_store_needs_leave(
    images: int, containers: int, switch: bool, refused: bool, no_docker: Docker
) -> None:
    now = state({**OVERLAY2, "Images": images, "Containers": containers})
    if refused:
        with pytest.raises(HostError, match=f"{images} images and {containers} containers .* overlay2 would vanish"):
            daemon(no_docker, switch=switch).plan(now, NO_EFFECTS)
        return
    plan = daemon(no_docker, switch=switch).plan(now, NO_EFFECTS)
    assert plan.effects == {Effect.DAEMON_RESTARTS, Effect.IMAGE_STORE_SWITCHES}


@pytest.mark.parametrize(
    ("options", "patch"),
    [
        pytest.param({}, {**SNAPSHOTTER, "insecure-registries": ["a.example"]}, id="nothing of the user's"),
        pytest.param(
            {"features": {"containerd-snapshotter": None, "cdi": True}, "insecure-registries": ["b.example"]},
            {"features": {"containerd-snapshotter": None, "cdi": True}, "insecure-registries": ["b.example"]},
            id="the user has the last word",
        ),
    ],
)
def test_the_patch(options: dict[str, t.Any], patch: dict[str, t.Any], no_docker: Docker) -> None:
    made = Daemon((Registry("a.example", insecure=True),), options, Disruption("wait", 1), False, no_docker)
    assert made.patch == patch


@pytest.fixture
def daemon_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "docker/daemon.json"
    monkeypatch.setattr(resource, "PATH", str(path))
    return path


def write(made: Daemon, *, text: str, former: str | None) -> None:
    step = WriteConfiguration(text, former, owned=(("debug",),), formerly_owned=(("dns",),))
    made.apply([Action("write", step)])


def test_a_new_file_is_written_owned_and_waits_for_the_restart(
    daemon_json: Path, home: Path, no_docker: Docker
) -> None:
    write(daemon(no_docker), text='{"debug": true}\n', former=None)
    assert daemon_json.read_text() == '{"debug": true}\n'
    assert stat.S_IMODE(daemon_json.stat().st_mode) == 0o644
    assert record.load("daemon", home) == {"owned": [["debug"]]}
    assert list(record.load("pending", home)) == [Effect.CONFIGURATION_CHANGES.name]
    assert not (home / "backups").exists()


def test_a_file_that_was_there_is_backed_up_and_keeps_its_mode(
    daemon_json: Path, home: Path, no_docker: Docker
) -> None:
    """It may hold the password of a proxy."""
    daemon_json.parent.mkdir()
    daemon_json.write_text('{"proxies": {}}')
    daemon_json.chmod(0o600)
    write(daemon(no_docker), text='{"debug": true}\n', former='{"proxies": {}}')
    assert daemon_json.read_text() == '{"debug": true}\n'
    assert stat.S_IMODE(daemon_json.stat().st_mode) == 0o600
    assert [each.read_text() for each in (home / "backups").iterdir()] == ['{"proxies": {}}']
    assert [each.name for each in daemon_json.parent.iterdir()] == ["daemon.json"]


@pytest.mark.parametrize("now", ['{"debug": false}', None], ids=["changed", "removed"])
def test_a_file_that_somebody_changed_meanwhile_is_left_alone(
    now: str | None, daemon_json: Path, home: Path, no_docker: Docker
) -> None:
    daemon_json.parent.mkdir()
    if now is not None:
        daemon_json.write_text(now)
    with pytest.raises(HostError, match="was changed by somebody else just now, and was left as it is: run again"):
        write(daemon(no_docker), text='{"debug": true}\n', former="{}")
    assert (daemon_json.read_text() if daemon_json.exists() else None) == now
    assert not home.exists()
