# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dockerd's plan makes of its decisions, and the files beside daemon.json; nothing is restarted here.

Plans that write daemon.json ask dockerd to validate it, so they are tested on hosts.
"""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils import certs_d, record
from ansible_collections.multiarch.builders.plugins.module_utils.daemon import configuration
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.decide import DaemonState, FilesState
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.resource import Daemon, RestartDaemon
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.files import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.owned_files import owned
from ansible_collections.multiarch.builders.plugins.module_utils.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.resource import NO_EFFECTS, Difference, Effect, Effects
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Disruption, Registry
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

SNAPSHOTTER = {"features": {"containerd-snapshotter": True}}
CONTAINERD = {"Driver": "overlayfs", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
OVERLAY2 = {"Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]]}
TRUST: Effects = frozenset({Effect.TRUST_STORE_CHANGES})
QUAY = Registry("quay.io", mirrors=("a.example/quay",), hosts_toml="# ours\n")
HOSTS_TOML = "/etc/docker/certs.d/quay.io/hosts.toml"
# With somebody else's hosts.toml, dockerd has the CA of the mirror from the system's store alone.
WITH_CA = (QUAY, Registry("a.example", ca="PEM"))


def daemon(
    docker: Docker,
    mode: str = "wait",
    *,
    registries: tuple[Registry, ...] = (),
    switch: bool = False,
    options: t.Any = None,
) -> Daemon:
    return Daemon(registries, Proxy(), (), options or {}, Disruption(mode, 900), switch, docker)


def state(
    info: dict[str, t.Any] | None, unseen: Effects = NO_EFFECTS, document: dict[str, t.Any] = SNAPSHOTTER
) -> DaemonState:
    return DaemonState(json.dumps(document), document, (), info, unseen)


def with_theirs(now: DaemonState) -> DaemonState:
    """The same where dockerd is of 28.5 and hosts.toml of quay.io is somebody else's."""
    return replace(now, info={**(now.info or {}), "ServerVersion": "28.5.2"}, files=FilesState(theirs=(HOSTS_TOML,)))


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
    plan = daemon(no_docker, mode, registries=WITH_CA).plan(with_theirs(now), effects)
    assert [type(action.step) for action in plan.actions] == [RestartDaemon]
    assert plan.actions[0].summary == (
        "restart docker: the operating system's trust store changed, which dockerd reads once"
    )
    assert plan.effects == {Effect.DAEMON_RESTARTS}


@pytest.mark.parametrize(
    ("registries", "now"),
    [
        pytest.param((), state(CONTAINERD), id="no CA is in the table"),
        pytest.param(WITH_CA, state({**CONTAINERD, "ServerVersion": "26.1.5"}), id="certs.d has it"),
        pytest.param(WITH_CA, state({**CONTAINERD, "ServerVersion": "28.5.2"}), id="our hosts.toml names it"),
        pytest.param((QUAY,), with_theirs(state(CONTAINERD)), id="somebody else's hosts.toml, no CA is in the table"),
    ],
)
def test_a_changed_trust_store_disturbs_nothing_where_dockerd_does_not_need_it(
    registries: tuple[Registry, ...], now: DaemonState, no_docker: Docker
) -> None:
    assert daemon(no_docker, registries=registries).plan(now, TRUST).actions == ()


def test_disruption_never_tells_in_place_of_a_restart(no_docker: Docker) -> None:
    plan = daemon(no_docker, "never", registries=WITH_CA).plan(with_theirs(state(CONTAINERD)), TRUST)
    assert plan.actions == ()
    assert plan.effects == NO_EFFECTS
    assert plan.notes[1:] == (
        "docker needs a restart, which builder_disruption: never forbids: the operating system's trust store changed, "
        "which dockerd reads once",
    )


def test_what_a_restart_would_end_is_told(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /info"] = as_json({})
    dockerd.answers["GET /containers/json"] = as_json([{"Id": "1", "Names": ["/ci-job"]}])
    dockerd.answers["GET /containers/1/json"] = as_json({"HostConfig": {"RestartPolicy": {"Name": "no"}}})
    plan = daemon(docker, registries=WITH_CA).plan(with_theirs(state(CONTAINERD)), TRUST)
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
        told = f"Docker would no longer show {images} images and {containers} containers of the image store overlay2"
        with pytest.raises(HostError, match=told):
            daemon(no_docker, switch=switch).plan(now, NO_EFFECTS)
        return
    plan = daemon(no_docker, switch=switch).plan(now, NO_EFFECTS)
    assert plan.effects == {Effect.DAEMON_RESTARTS, Effect.IMAGE_STORE_SWITCHES}


@pytest.mark.parametrize(
    ("wanted", "info", "word", "keep"),
    [
        pytest.param(True, OVERLAY2, "on", "null", id="to containerd's"),
        pytest.param(False, CONTAINERD, "off", "true", id="back to a graph driver"),
    ],
)
def test_the_ways_out_of_another_image_store_are_told(
    wanted: bool, info: dict[str, t.Any], word: str, keep: str, no_docker: Docker
) -> None:
    feature = {"features": {"containerd-snapshotter": wanted}}
    now = state({**info, "Images": 3}, document=feature)
    with pytest.raises(HostError) as caught:
        daemon(no_docker, options=feature).plan(now, NO_EFFECTS)
    assert str(caught.value).startswith(f"with features.containerd-snapshotter {word}, Docker would no longer show 3 ")
    assert str(caught.value).endswith(
        "(what is hidden stays on disk): set builder_allow_image_store_switch: true, or keep the store with "
        f"builder_daemon_options: {{features: {{containerd-snapshotter: {keep}}}}}"
    )


def test_what_vanishes_with_leave_is_told_too(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /info"] = as_json({})
    dockerd.answers["GET /containers/json"] = as_json([])
    dockerd.answers["GET /system/df"] = as_json({"LayersSize": 4_200_000_000})
    plan = daemon(docker, switch=True).plan(state({**OVERLAY2, "Images": 3, "Containers": 2}), NO_EFFECTS)
    told = "(vanishing: 3 images (4.2 GB) and 2 containers of the image store overlay2; /var/lib/containerd has "
    assert re.search(re.escape(told) + r"\S+ [kMGT]?B free\)$", plan.actions[0].summary)


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
    made = daemon(no_docker, registries=(Registry("a.example", insecure=True),), options=options)
    assert made.patch == patch


def test_the_proxy_and_the_name_servers_are_part_of_the_patch(no_docker: Docker) -> None:
    made = replace(daemon(no_docker), proxy=Proxy(https="http://proxy:3128", no_proxy=("a",)), dns=("1.1.1.1",))
    proxies = {"https-proxy": "http://proxy:3128", "no-proxy": "a"}
    assert made.patch == {**SNAPSHOTTER, "proxies": proxies, "dns": ["1.1.1.1"]}


@pytest.fixture
def hosts_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Path of hosts.toml of quay.io; nothing is there yet, neither hosts.toml nor daemon.json."""
    monkeypatch.setattr(certs_d, "ROOT", str(tmp_path / "certs.d"))
    monkeypatch.setattr(configuration, "PATH", str(tmp_path / "daemon.json"))
    return tmp_path / "certs.d/quay.io/hosts.toml"


def put(path: Path, text: str | None) -> None:
    if text is not None:
        path.parent.mkdir(parents=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("engine", "now", "registries", "ours", "writes", "removes", "is_theirs"),
    [
        pytest.param("28.5.2+dfsg4", None, (QUAY,), False, True, False, False, id="a first one"),
        pytest.param("28.5.2+dfsg4", "# ours\n", (QUAY,), True, False, False, False, id="as asked"),
        pytest.param("28.5.2+dfsg4", "# old\n", (QUAY,), True, True, False, False, id="ours, changed"),
        pytest.param("28.5.2+dfsg4", "# theirs\n", (QUAY,), False, False, False, True, id="somebody else's stays"),
        pytest.param("28.5.2+dfsg4", "# ours\n", (QUAY,), False, False, False, False, id="theirs says the same"),
        pytest.param("28.5.2+dfsg4", "# ours\n", (), True, False, True, False, id="ours, no longer asked for"),
        pytest.param("28.5.2+dfsg4", "# theirs\n", (), False, False, False, False, id="theirs, never asked for"),
        pytest.param("26.1.5+dfsg1", None, (QUAY,), False, False, False, False, id="this dockerd does not read it"),
        pytest.param("26.1.5+dfsg1", "# ours\n", (QUAY,), True, False, True, False, id="nor any more"),
        pytest.param(None, None, (QUAY,), False, False, False, False, id="dockerd is down: not written yet"),
        pytest.param(None, "# ours\n", (QUAY,), True, False, False, False, id="dockerd is down: not removed either"),
    ],
)
def test_which_hosts_toml_is_written_and_removed(
    engine: str | None,
    now: str | None,
    registries: tuple[Registry, ...],
    ours: bool,
    writes: bool,
    removes: bool,
    is_theirs: bool,
    dockerd: DockerdStandIn,
    docker: Docker,
    home: Path,
    hosts_toml: Path,
) -> None:
    put(hosts_toml, now)
    record.save("daemon", {"files": {str(hosts_toml): "digest"} if ours else {}}, home)
    dockerd.ready = engine is not None
    dockerd.answers["GET /info"] = as_json({**CONTAINERD, "ServerVersion": engine})
    assert daemon(docker, registries=registries).observe().files == FilesState(
        write=(WriteFile(str(hosts_toml), "# ours\n"),) if writes else (),
        remove=(RemoveFile(str(hosts_toml), folder=True),) if removes else (),
        theirs=(str(hosts_toml),) if is_theirs else (),
    )


def test_hosts_toml_comes_and_goes_without_a_restart(no_docker: Docker, home: Path, hosts_toml: Path) -> None:
    made = daemon(no_docker, registries=(QUAY,))
    engine = {**CONTAINERD, "ServerVersion": "28.5.2"}
    plan = made.plan(
        replace(state(engine), files=FilesState(write=(WriteFile(str(hosts_toml), "# ours\n"),))), NO_EFFECTS
    )
    assert [action.summary for action in plan.actions] == [f"write {hosts_toml}, which docker reads at every pull"]
    assert plan.actions[0].difference == Difference(str(hosts_toml), "", "# ours\n")
    assert (plan.effects, plan.notes) == (NO_EFFECTS, ())
    made.apply(plan.actions)
    assert hosts_toml.read_text() == "# ours\n"
    assert list(owned("daemon")) == [str(hosts_toml)]

    gone = FilesState(remove=(RemoveFile(str(hosts_toml), folder=True),))
    plan = made.plan(replace(state(engine), files=gone), NO_EFFECTS)
    assert [action.summary for action in plan.actions] == [f"remove {hosts_toml}, no longer in builder_registries"]
    made.apply(plan.actions)
    assert not hosts_toml.parent.exists()
    assert record.load("daemon", home) == {"files": {}}


def test_what_is_left_alone_is_told(no_docker: Docker) -> None:
    plan = daemon(no_docker, registries=(QUAY,)).plan(with_theirs(state(CONTAINERD)), NO_EFFECTS)
    assert plan.actions == ()
    assert plan.notes == (
        f"{HOSTS_TOML} is somebody else's and was left alone: remove it to have it made from mirrors",
    )


def test_mirrors_that_this_dockerd_cannot_use_are_told(no_docker: Docker) -> None:
    plan = daemon(no_docker, registries=(QUAY,)).plan(state({**CONTAINERD, "ServerVersion": "27.5.1"}), NO_EFFECTS)
    assert plan.actions == ()
    assert [note.partition(":")[0] for note in plan.notes] == ["mirror a.example/quay of quay.io"]
