# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daemon.json as it goes back to what others had, and what keeps it from that."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import configuration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.configuration import WriteConfiguration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.ours import Keys
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.plan import ReloadDaemon, RestartDaemon
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.retired import RetiredDaemon
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Departure, Effect, Plan, Thing
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import write_owned
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import owned_after
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

pytestmark = pytest.mark.usefixtures("var_tmp")
SNAPSHOTTER = {"features": {"containerd-snapshotter": True}}
INFO = {"ServerVersion": "28.5.2", "Driver": "overlayfs"}
CONTAINERD = {**INFO, "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}


@pytest.fixture(autouse=True)
def of_the_host(programs: Callable[[str, str], Path]) -> None:
    """What a dockerd that is installed would be asked for."""
    programs("systemctl", "")
    programs("dockerd", "echo Docker version 28.5.2, build ecc6942")


def provisioned(path: Path, theirs: dict[str, t.Any], ours: dict[str, t.Any]) -> None:
    """daemon.json with keys of others and of ours."""
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**theirs, **ours}))
    configuration.own(Keys(owned_after({}, {}, ours)))


def planned(
    docker: Docker,
    *,
    mode: str = "wait",
    switch: bool = False,
    root_switch: bool = False,
    going: tuple[int, int, int] = (0, 0, 0),
) -> tuple[RetiredDaemon, Plan]:
    params = {"allow_image_store_switch": switch, "allow_data_root_switch": root_switch}
    daemon = RetiredDaemon.from_params({**params, "disruption": mode, "drain_timeout": 0}, docker)
    counts = zip(t.get_args(Thing), going)
    departures = [Departure(thing, str(number)) for thing, count in counts for number in range(count)]
    return daemon, daemon.plan(daemon.observe(), frozenset(departures))


def runs(dockerd: DockerdStandIn, images: int = 0, containers: int = 0, root: str = "/var/lib/docker") -> None:
    found = {**CONTAINERD, "Images": images, "Containers": containers, "DockerRootDir": root}
    dockerd.answers["GET /info"] = as_json(found)
    dockerd.answers["GET /containers/json"] = as_json([])


def test_keys_of_ours_go_and_those_of_others_stay(daemon_json: Path, dockerd: DockerdStandIn, docker: Docker) -> None:
    provisioned(daemon_json, {"labels": ["a=b"]}, {"max-concurrent-downloads": 4})
    runs(dockerd)
    _daemon, plan = planned(docker)
    assert plan.actions[0].summary == f"write {DAEMON_JSON}: max-concurrent-downloads: 4 → absent"
    assert isinstance(plan.actions[1].step, ReloadDaemon)
    assert plan.notes == ()


@pytest.mark.parametrize(
    ("images", "containers", "switch", "going", "kept"),
    [
        pytest.param(0, 0, False, (0, 0, 0), False, id="nothing is in the store"),
        pytest.param(2, 1, False, (2, 1, 0), False, id="only what goes in this run"),
        pytest.param(3, 1, False, (2, 1, 0), True, id="an image of others"),
        pytest.param(2, 2, False, (2, 1, 0), True, id="a container of others"),
        pytest.param(3, 2, True, (2, 1, 0), False, id="it is allowed to hide them"),
    ],
)
def test_the_image_store_stays_where_others_have_something_in_it(
    images: int,
    containers: int,
    switch: bool,
    going: tuple[int, int, int],
    kept: bool,
    daemon_json: Path,
    dockerd: DockerdStandIn,
    docker: Docker,
) -> None:
    provisioned(daemon_json, {}, {**SNAPSHOTTER, "debug": True})
    runs(dockerd, images, containers)
    _daemon, plan = planned(docker, switch=switch, going=going)
    assert any(isinstance(action.step, RestartDaemon) for action in plan.actions) is True  # debug leaves so, too
    assert ("containerd-snapshotter: true → absent" in plan.actions[0].summary) is not kept
    assert (Effect.REMAINS in plan.effects) is kept
    if kept:
        assert plan.notes[0].text.startswith(
            f"features.containerd-snapshotter stays in daemon.json, as Docker would no longer show "
            f"{images - going[0]} images"
        )


@pytest.mark.parametrize(
    ("volumes", "switch", "going", "kept"),
    [
        pytest.param(2, False, (0, 0, 1), True, id="a volume of others"),
        pytest.param(1, False, (0, 0, 1), False, id="only what goes in this run"),
        pytest.param(2, True, (0, 0, 1), False, id="it is allowed to hide it"),
    ],
)
def test_the_data_root_stays_where_others_have_something_in_it(
    volumes: int,
    switch: bool,
    going: tuple[int, int, int],
    kept: bool,
    daemon_json: Path,
    dockerd: DockerdStandIn,
    docker: Docker,
) -> None:
    provisioned(daemon_json, SNAPSHOTTER, {"data-root": "/srv/docker", "labels": ["a=b"]})
    runs(dockerd, 1, 0, root="/srv/docker")
    dockerd.answers["GET /volumes"] = as_json({"Volumes": [{"Name": str(number)} for number in range(volumes)]})
    dockerd.answers["GET /networks"] = as_json([])
    _daemon, plan = planned(docker, root_switch=switch, going=going)
    assert ('data-root: "/srv/docker" → absent' in plan.actions[0].summary) is not kept
    assert (Effect.REMAINS in plan.effects) is kept
    if kept:
        assert plan.notes[0].text.startswith(
            "data-root stays in daemon.json, as Docker would no longer show 0 containers and 1 "
        )
        assert plan.notes[0].text.endswith("-e builder_allow_data_root_switch=true removes it")
        (step,) = (each.step for each in plan.actions if isinstance(each.step, WriteConfiguration))
        assert step.keys.owned == owned_after({}, {}, {"data-root": "/srv/docker"})


def test_a_kept_image_store_is_all_that_is_left_to_tell(
    daemon_json: Path, dockerd: DockerdStandIn, docker: Docker
) -> None:
    provisioned(daemon_json, {}, SNAPSHOTTER)
    runs(dockerd, images=1)
    _daemon, plan = planned(docker)
    assert plan.actions == ()
    assert len(plan.notes) == 1


def test_a_restart_that_is_forbidden_leaves_the_file_as_it_is(
    daemon_json: Path, dockerd: DockerdStandIn, docker: Docker
) -> None:
    provisioned(daemon_json, {}, SNAPSHOTTER)
    runs(dockerd)
    _daemon, plan = planned(docker, mode="never")
    assert plan.actions == ()
    assert plan.notes[0].text.startswith("pending, as builder_disruption is never: features.containerd-snapshotter")
    assert plan.effects == {Effect.REMAINS}


def test_keys_that_somebody_changed_since_are_theirs(
    daemon_json: Path, dockerd: DockerdStandIn, docker: Docker
) -> None:
    provisioned(daemon_json, {}, {"debug": True})
    daemon_json.write_text('{"debug": false}')
    runs(dockerd)
    left = record.left_of(daemon_json)
    daemon, plan = planned(docker)
    assert [each.summary for each in plan.actions] == [
        "drop the keys of daemon.json from the record: none is managed any more"
    ]
    daemon.apply(plan.actions)
    assert not left.exists()
    assert daemon_json.read_text() == '{"debug": false}'
    assert planned(docker)[1].actions == ()


def test_a_docker_that_does_not_run_is_not_started(daemon_json: Path, no_docker: Docker) -> None:
    provisioned(daemon_json, {}, SNAPSHOTTER)
    with pytest.raises(HostError, match=r"docker does not run, so nothing can be removed from daemon\.json"):
        planned(no_docker)


def test_where_docker_is_gone_its_file_is_put_right_all_the_same(
    daemon_json: Path, no_docker: Docker, tmp_path: Path
) -> None:
    provisioned(daemon_json, {"labels": ["a=b"]}, SNAPSHOTTER)
    (tmp_path / "programs/dockerd").unlink()
    with standing_on(replace(here(), programs=str(tmp_path / "programs"))):
        daemon, plan = planned(no_docker)
        daemon.apply(plan.actions)
        assert json.loads(daemon_json.read_text()) == {"labels": ["a=b"]}
        assert not configuration.keys()
        assert planned(no_docker)[1].actions == ()


@pytest.mark.parametrize(
    ("before", "now", "told", "after"),
    [
        pytest.param(None, "ours", "remove {}", None, id="ours"),
        pytest.param("theirs", "ours", "restore {} to its previous content", "theirs", id="theirs comes back"),
        pytest.param(
            None,
            "changed",
            "drop {} from the record: it was changed by someone else, and is kept",
            "changed",
            id="changed since",
        ),
    ],
)
def test_hosts_toml(
    before: str | None, now: str, told: str, after: str | None, tmp_path: Path, no_docker: Docker
) -> None:
    hosts_toml = "/etc/docker/certs.d/quay.example/hosts.toml"
    path = tmp_path / hosts_toml[1:]
    if before is not None:
        path.parent.mkdir(parents=True)
        path.write_text(before)
    write_owned(RECORD, WriteFile(hosts_toml, "ours"))
    path.write_text(now)
    daemon, plan = planned(no_docker)
    assert [each.summary for each in plan.actions] == [told.format(hosts_toml)]
    daemon.apply(plan.actions)
    assert (path.read_text() if path.exists() else None) == after
    assert RECORD.read().files == {}
