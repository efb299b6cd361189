# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dockerd's plan makes of its decisions, and what is done, at stand-ins for dockerd, systemctl and journalctl."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import restart
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.configuration import (
    WriteConfiguration,
    keys,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.data_roots import MoveData, Sight, Site
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import (
    DaemonState,
    FilesState,
    Seen,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.keys import NESTED
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.ours import Keys
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.plan import ReloadDaemon, RestartDaemon
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.resource import Daemon
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.tokens import NO_TOKENS, Tokens
from ansible_collections.multiarch.builders.plugins.module_utils.docker import service
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import RestoreRights, public
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import blocks
from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import DefaultNetwork
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption, Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.gc import Gc
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Action,
    Arrival,
    Difference,
    Effect,
    Effects,
    Kind,
    Note,
    Plan,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state import restart_due, rollback
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import owned_after
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.recorded_units import shown
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

pytestmark = pytest.mark.usefixtures("var_tmp")
CA = make("CA")
SNAPSHOTTER = {"features": {"containerd-snapshotter": True}}
ROOT = "/var/lib/docker-of-these-tests"
FLAGS = ("--data-root", ROOT)  # of the unit
CONTAINERD = {
    "Driver": "overlayfs",
    "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
    "DockerRootDir": ROOT,
}
OVERLAY2 = {"Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]], "DockerRootDir": ROOT}
UNREAD = Tokens(frozenset({"PEM"}))
QUAY = Registry("quay.example", mirrors=("a.example/quay",), hosts_toml="# ours\n")
HOSTS_TOML = "/etc/docker/certs.d/quay.example/hosts.toml"
Programs = Callable[[str, str], Path]
# With somebody else's hosts.toml, dockerd has the CA of the mirror from the system's store alone.
WITH_CA = (QUAY, Registry("a.example", ca="PEM"))


@pytest.fixture(autouse=True)
def no_systemd(programs: Programs) -> None:
    """systemctl tells nothing, so that no dockerd is found."""
    programs("systemctl", "")


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
    info: dict[str, t.Any] | None, unseen: Effects = NO_EFFECTS, document: dict[str, t.Any] | None = None
) -> DaemonState:
    found = SNAPSHOTTER if document is None else document
    return DaemonState(json.dumps(found), found, Keys({}), info, unseen, flags=FLAGS)


def with_theirs(now: DaemonState, tokens: Tokens = UNREAD) -> DaemonState:
    """The same where dockerd is of 28.5, hosts.toml of quay.example is somebody else's, and a CA was not read yet."""
    info = {**(now.info or {}), "ServerVersion": "28.5.2"}
    return replace(now, info=info, files=FilesState(theirs=(HOSTS_TOML,)), tokens=tokens)


def planned(made: Daemon, now: DaemonState, effects: Effects = NO_EFFECTS) -> Plan:
    """With what is seen for the document that comes of *now*."""
    return made.plan(made.foresee(now), effects)


def test_a_dockerd_that_runs_as_asked_needs_nothing(no_docker: Docker) -> None:
    plan = planned(daemon(no_docker), state(CONTAINERD))
    assert (plan.actions, plan.notes) == ((), ())


@pytest.mark.parametrize("forwards", [True, False])
def test_nftables_needs_a_kernel_that_forwards(
    forwards: bool, no_docker: Docker, programs: Programs, tmp_path: Path
) -> None:
    programs("dockerd", "exit 0")
    kernel = tmp_path / "proc/sys/net/ipv4/ip_forward"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(f"{int(forwards)}\n")
    made = daemon(no_docker, options={"firewall-backend": "nftables"})
    now = state({**CONTAINERD, "ServerVersion": "29.7.2"})
    if forwards:
        notes = planned(made, now).notes
        assert ["no file of sysctl.d does" in str(each) for each in notes if each.kind is Kind.LIMIT] == [True]
    else:
        with pytest.raises(HostError, match=r"29\.7\.2 does not start, as it does not turn on net\.ipv4\.ip_forward"):
            planned(made, now)


OFF, ON = DefaultNetwork(there=False), DefaultNetwork()


@pytest.mark.parametrize(
    ("document", "options", "mode", "told"),
    [
        pytest.param({}, {"bridge": "none"}, "wait", {OFF}, id="it goes"),
        pytest.param({}, {"bridge": "none"}, "never", {OFF}, id="at the next start, whoever starts it"),
        pytest.param({"bridge": "none"}, {"bridge": None}, "wait", {ON}, id="it comes"),
        pytest.param({"bridge": "none"}, {"mtu": 1400}, "wait", {OFF}, id="a restart brings what others wrote"),
        pytest.param({"bridge": "none"}, {}, "wait", set(), id="nothing happens"),
        pytest.param({}, {"mtu": 1400}, "wait", set(), id="nothing is said of it"),
    ],
)
def test_what_becomes_of_the_default_network_is_told_to_the_builders(
    document: dict[str, t.Any],
    options: dict[str, t.Any],
    mode: str,
    told: set[DefaultNetwork],
    no_docker: Docker,
    programs: Programs,
) -> None:
    programs("dockerd", "exit 0")
    now = state(CONTAINERD, document={**SNAPSHOTTER, **document})
    plan = planned(daemon(no_docker, mode, options=options), now)
    assert {each for each in plan.effects if isinstance(each, DefaultNetwork)} == told


@pytest.mark.parametrize("mode", ["wait", "now"])
def test_an_authority_that_dockerd_needs_and_has_not_read_restarts_it_once(mode: str, no_docker: Docker) -> None:
    plan = planned(daemon(no_docker, mode, registries=WITH_CA), with_theirs(state(CONTAINERD)))
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
    ],
)
def test_an_authority_that_dockerd_does_not_need_disturbs_nothing(
    registries: tuple[Registry, ...], now: DaemonState, no_docker: Docker
) -> None:
    made = daemon(no_docker, registries=registries)
    assert planned(made, replace(now, tokens=UNREAD)).actions == ()


def test_authorities_that_dockerd_has_read_disturb_nothing(no_docker: Docker) -> None:
    made = daemon(no_docker, registries=WITH_CA)
    assert planned(made, with_theirs(state(CONTAINERD), NO_TOKENS)).actions == ()


def test_a_file_that_dockerd_does_not_read_is_refused(no_docker: Docker) -> None:
    with pytest.raises(HostError, match=r"^starts with another file$"):
        planned(daemon(no_docker), replace(state(CONTAINERD), elsewhere="starts with another file"))


def test_a_dockerd_that_was_started_with_another_file_restarts(no_docker: Docker) -> None:
    (action,) = planned(daemon(no_docker), replace(state(CONTAINERD), other_file="/o.json")).actions
    assert action.summary == (
        "restart docker: dockerd runs with /o.json in place of daemon.json, which its unit no longer names"
    )


def test_a_daemon_json_that_others_may_write_is_closed_to_them(no_docker: Docker) -> None:
    loose = {public("/d"): "/d has mode 0666, not 0644"}
    (action,) = planned(daemon(no_docker), replace(state(CONTAINERD), loose=loose)).actions
    assert action == Action("restrict access: /d has mode 0666, not 0644", RestoreRights((public("/d"),)))


HARBOR = Registry("harbor.example", ca=CA.pem)
OF_HARBOR = Tokens(frozenset(blocks(CA.pem)), {"harbor.example": "harbor.example"})
FOR_TOKENS = (
    "docker reads the system's authorities only at its start, and needs them for tokens of harbor.example; builders "
    "do not"
)


def test_tokens_that_dockerd_cannot_fetch_restart_it(no_docker: Docker) -> None:
    now = replace(state({**CONTAINERD, "ServerVersion": "28.5.2"}), tokens=OF_HARBOR)
    plan = planned(daemon(no_docker, registries=(HARBOR,)), now)
    assert [action.summary for action in plan.actions] == [f"restart docker: {FOR_TOKENS}"]
    assert plan.facts == {"restart": [FOR_TOKENS]}


@pytest.mark.parametrize(
    ("registry", "restarts"),
    [
        pytest.param(HARBOR, True, id="its CA was not read"),
        pytest.param(Registry("harbor.example", ca=make("another").pem), False, id="it was"),
    ],
)
def test_a_ca_that_a_foreign_hosts_toml_hides_is_the_systems(
    registry: Registry, restarts: bool, no_docker: Docker
) -> None:
    path = "/etc/docker/certs.d/harbor.example/hosts.toml"
    files = FilesState(shadows={"harbor.example": path}, seen=Seen({path: "# theirs\n"}))
    info = {**CONTAINERD, "ServerVersion": "29.7.2"}
    now = replace(state(info), files=files, tokens=Tokens(OF_HARBOR.unread))
    plan = planned(daemon(no_docker, registries=(registry,)), now)
    restart = ["restart docker: the operating system's trust store changed, which dockerd reads once"]
    assert [action.summary for action in plan.actions] == (restart if restarts else [])
    (note,) = plan.notes
    assert note.kind == Kind.LEFT_ALONE
    assert note.text.startswith(f"{path} is unmanaged, and docker reads it in place of the certificates beside it: ")


def test_a_registry_that_does_not_say_whether_it_has_tokens_is_told(no_docker: Docker) -> None:
    silent = Tokens(OF_HARBOR.unread, silent={"harbor.example": "Connection refused"})
    now = replace(state({**CONTAINERD, "ServerVersion": "28.5.2"}), tokens=silent)
    plan = planned(daemon(no_docker, registries=(HARBOR,)), now)
    assert plan.actions == ()
    assert plan.notes == Kind.WAITS.notes(
        [
            "harbor.example does not answer (Connection refused), so it is unknown whether docker must be "
            "restarted for its tokens: run again when it answers"
        ],
    )


def test_disruption_never_tells_in_place_of_a_restart(no_docker: Docker) -> None:
    plan = planned(daemon(no_docker, "never", registries=WITH_CA), with_theirs(state(CONTAINERD)))
    assert plan.actions == ()
    assert plan.effects == {Effect.REMAINS}
    assert [note.kind for note in plan.notes] == [Kind.LEFT_ALONE, Kind.WAITS]
    assert plan.notes[1].text == (
        "docker must restart, but builder_disruption: never forbids it: the operating system's trust store changed, "
        "which dockerd reads once"
    )


def test_what_a_restart_would_end_is_told(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /info"] = as_json({"DockerRootDir": ROOT})
    dockerd.answers["GET /containers/json"] = as_json([{"Id": "1", "Names": ["/ci-job"]}])
    dockerd.answers["GET /containers/1/json"] = as_json({"HostConfig": {"RestartPolicy": {"Name": "no"}}})
    plan = planned(daemon(docker, registries=WITH_CA), with_theirs(state(CONTAINERD)))
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
            planned(daemon(no_docker, switch=switch), now)
        return
    plan = planned(daemon(no_docker, switch=switch), now)
    assert plan.effects == {Effect.DAEMON_RESTARTS, Effect.CONTAINERS_VANISH}


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
    now = state({**info, "Images": 3}, document={"features": {"containerd-snapshotter": not wanted}})
    with pytest.raises(HostError) as caught:
        planned(daemon(no_docker, options=feature), now)
    assert str(caught.value).startswith(f"with features.containerd-snapshotter {word}, Docker would no longer show 3 ")
    assert str(caught.value).endswith(
        "(what is hidden stays on disk): set builder_allow_image_store_switch: true, or keep the store with "
        f"builder_daemon_options: {{features: {{containerd-snapshotter: {keep}}}}}"
    )


def test_what_vanishes_with_leave_is_told_too(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /info"] = as_json({"DockerRootDir": ROOT})
    dockerd.answers["GET /containers/json"] = as_json([])
    dockerd.answers["GET /system/df"] = as_json({"LayersSize": 4_200_000_000})
    plan = planned(daemon(docker, switch=True), state({**OVERLAY2, "Images": 3, "Containers": 2}))
    told = "(hidden: 3 images (4.2 GB) and 2 containers of the image store overlay2; /var/lib/containerd has "
    back = "; it stays on disk; builder_daemon_options: {features: {containerd-snapshotter: null}} shows it again)"
    assert re.search(re.escape(told) + r"\S+ [kMGT]?B free" + re.escape(back) + "$", plan.actions[0].summary)


def with_volume(dockerd: DockerdStandIn) -> None:
    dockerd.answers["GET /volumes"] = as_json({"Volumes": [{"Name": "theirs"}]})
    dockerd.answers["GET /networks"] = as_json([])
    dockerd.answers["GET /containers/json"] = as_json([])
    dockerd.answers["GET /info"] = as_json(CONTAINERD)


MOVED = {"data-root": "/srv/docker"}
AT_DEFAULT = {**CONTAINERD, "DockerRootDir": "/var/lib/docker", "Containers": 2}


def test_another_data_root_needs_leave(dockerd: DockerdStandIn, docker: Docker, programs: Programs) -> None:
    """B6: they were gone from sight."""
    programs("dockerd", "")
    programs("systemctl", "")
    with_volume(dockerd)
    now = replace(state(AT_DEFAULT), flags=())
    with pytest.raises(HostError) as caught:
        planned(daemon(docker, options=MOVED, switch=True), now)
    told = (
        "with data-root /srv/docker in place of /var/lib/docker, Docker would no longer show 2 containers and 1 volumes"
    )
    assert str(caught.value).startswith(told)

    allowed = replace(daemon(docker, options=MOVED), allow_data_root_switch=True)
    (_written, action) = planned(allowed, now).actions
    assert "(hidden: 2 containers and 1 volumes in /var/lib/docker; " in action.summary
    assert action.effects == {Effect.DAEMON_RESTARTS, Effect.CONTAINERS_VANISH}
    step = action.step
    assert isinstance(step, RestartDaemon)
    assert (step.hides, step.folders) == (True, ("/srv/docker",))
    assert [(each.folder, each.what) for each in step.left] == [("/var/lib/docker", "2 containers and 1 volumes")]


DISK = Sight(used=(10, 2), free=(10**9, None))
ELSEWHERE = Site("docker", "/srv/docker", "/srv/docker", "/var/lib/docker", sight=DISK)
LAYERS = Site("containerd", "/srv/containerd", "/srv/containerd", "/var/lib/containerd", sight=DISK)


def test_data_that_moves_along_is_not_hidden(dockerd: DockerdStandIn, docker: Docker, programs: Programs) -> None:
    programs("dockerd", "")
    programs("systemctl", "")
    with_volume(dockerd)
    now = replace(state(AT_DEFAULT), flags=(), sites=(ELSEWHERE, LAYERS))
    plan = planned(daemon(docker), now)
    assert [type(each.step) for each in plan.actions] == [MoveData, WriteConfiguration, RestartDaemon]
    assert plan.actions[1].summary == f'write {DAEMON_JSON}: data-root: absent → "/srv/docker"'
    assert "containerd's data moves to /srv/containerd" in plan.actions[2].summary
    assert "hidden" not in plan.actions[2].summary
    assert plan.effects == {Effect.DAEMON_RESTARTS}
    step = plan.actions[2].step
    assert isinstance(step, RestartDaemon)
    assert (step.hides, step.moves, step.left) == (False, True, ())


def test_a_move_that_is_impossible_is_refused(dockerd: DockerdStandIn, docker: Docker, programs: Programs) -> None:
    programs("dockerd", "")
    with_volume(dockerd)
    full = replace(ELSEWHERE, sight=replace(DISK, free=(0, None)))
    with pytest.raises(HostError, match="/srv/docker has 0 B free"):
        planned(daemon(docker), replace(state(AT_DEFAULT), flags=(), sites=(full,)))


def test_without_disruption_data_stays(dockerd: DockerdStandIn, docker: Docker, programs: Programs) -> None:
    programs("dockerd", "")
    with_volume(dockerd)
    full = replace(ELSEWHERE, sight=replace(DISK, free=(0, None)))
    now = replace(state(AT_DEFAULT), flags=(), sites=(full, LAYERS))
    plan = planned(daemon(docker, "never"), now)
    assert plan.actions == ()
    assert [each.kind for each in plan.notes] == [Kind.WAITS, Kind.WAITS]
    plan = planned(daemon(docker, "never", options={"labels": ["a=b"]}), now)
    assert [type(each.step) for each in plan.actions] == [WriteConfiguration, ReloadDaemon], "nothing else waits for it"


def test_of_a_docker_that_does_not_run_it_is_unknown_where_data_is(no_docker: Docker, programs: Programs) -> None:
    programs("dockerd", "")
    stopped = replace(ELSEWHERE, now=None)
    now = replace(state(None), sites=(stopped,))
    with pytest.raises(HostError, match="docker does not run, so where its data is"):
        planned(daemon(no_docker), now)
    plan = planned(daemon(no_docker), now, frozenset({Effect.DAEMON_RESTARTS}))  # the engine starts it
    assert [type(each.step) for each in plan.actions][:1] == [WriteConfiguration]
    named = replace(stopped, is_named=True)
    planned(daemon(no_docker), replace(state(None, document={**SNAPSHOTTER, **MOVED}), sites=(named,)))


def test_what_the_next_start_hides_is_a_note_where_nothing_restarts(dockerd: DockerdStandIn, docker: Docker) -> None:
    """Somebody wrote daemon.json, or the unit, and did not restart docker."""
    with_volume(dockerd)
    now = replace(state(AT_DEFAULT, document={**SNAPSHOTTER, **MOVED}), flags=())
    plan = planned(daemon(docker), now)
    assert plan.actions == ()
    assert plan.notes[0].text.startswith("with data-root /srv/docker in place of /var/lib/docker, Docker would no ")


def test_a_storage_driver_that_is_not_there_is_refused(no_docker: Docker, programs: Programs) -> None:
    programs("ctr", "echo io.containerd.snapshotter.v1 overlayfs linux/amd64 ok")
    with pytest.raises(HostError, match=r"^storage-driver = btrfs names a snapshotter of containerd"):
        planned(daemon(no_docker, options={"storage-driver": "btrfs"}), state(CONTAINERD))


@pytest.mark.parametrize(
    ("options", "patch"),
    [
        pytest.param({}, {**SNAPSHOTTER, "insecure-registries": {"a.example": True}}, id="nothing of the user's"),
        pytest.param(
            {"features": {"containerd-snapshotter": None, "cdi": True}, "insecure-registries": ["b.example"]},
            {"features": {"containerd-snapshotter": None, "cdi": True}, "insecure-registries": ["b.example"]},
            id="the user has the last word",
        ),
    ],
)
def test_the_patch(options: dict[str, t.Any], patch: dict[str, t.Any], no_docker: Docker) -> None:
    made = daemon(no_docker, registries=(Registry("a.example", insecure=True),), options=options)
    assert made.patch(state(CONTAINERD)) == patch


def test_the_proxy_and_the_name_servers_are_part_of_the_patch(no_docker: Docker) -> None:
    made = replace(daemon(no_docker), proxy=Proxy(https="http://proxy:3128", no_proxy=("a",)), dns=("1.1.1.1",))
    proxies = {"https-proxy": "http://proxy:3128", "no-proxy": "a"}
    assert made.patch(state(CONTAINERD)) == {**SNAPSHOTTER, "proxies": proxies, "dns": ["1.1.1.1"]}


GC_LIMITS = {"enabled": True, "defaultMaxUsedSpace": "5GB"}
GC_NAMES = dict.fromkeys(NESTED["builder.gc"])


@pytest.mark.parametrize(
    ("info", "program", "options", "gc"),
    [
        pytest.param("28.5.2", None, {}, {**GC_NAMES, **GC_LIMITS}, id="the version that runs"),
        pytest.param(None, "28.5.2", {}, {**GC_NAMES, **GC_LIMITS}, id="the one that is installed and does not run"),
        pytest.param(
            "28.5.2",
            None,
            {"builder": {"gc": {"defaultMaxUsedSpace": "9GB"}}},
            {**GC_NAMES, **GC_LIMITS, "defaultMaxUsedSpace": "9GB"},
            id="the user has the last word",
        ),
        pytest.param(None, None, {}, {"enabled": False}, id="an unknown one: as it is"),
    ],
)
def test_garbage_collection_is_part_of_the_patch(
    info: str | None, program: str | None, options: dict[str, t.Any], gc: dict[str, t.Any], no_docker: Docker
) -> None:
    now = state(
        {**CONTAINERD, "ServerVersion": info} if info else None, document={"builder": {"gc": {"enabled": False}}}
    )
    made = replace(daemon(no_docker, options=options), gc=Gc(max="5GB"))
    assert made.patch(replace(now, program=program)) == {**SNAPSHOTTER, "builder": {"gc": gc}}


def test_garbage_collection_restarts_docker_and_what_it_cannot_do_is_a_note(
    no_docker: Docker, programs: Programs
) -> None:
    programs("dockerd", "")
    made = replace(daemon(no_docker), gc=Gc("2GB", "5GB", "1GB"))
    plan = planned(made, state({**CONTAINERD, "ServerVersion": "26.1.5"}))
    differences = 'builder.gc.defaultKeepStorage: absent → "5GB"; builder.gc.enabled: absent → true'
    assert plan.actions[-1].summary.startswith(f"restart docker: {differences}")
    assert [note.text.partition(":")[0] for note in plan.notes] == ["builder_gc.free"]


@pytest.mark.parametrize(
    ("said", "version"),
    [
        pytest.param("Docker version 26.1.5+dfsg1, build a72d7cd", "26.1.5+dfsg1", id="Debian 13, recorded"),
        pytest.param("nothing", None, id="no version"),
    ],
)
def test_a_stopped_dockerd_is_asked_for_its_version(
    said: str, version: str | None, no_docker: Docker, daemon_json: Path, programs: Programs
) -> None:
    assert not daemon_json.exists()
    programs("systemctl", "")
    programs("dockerd", f"echo '{said}'")
    found = daemon(no_docker).observe()
    assert found.info is None
    assert found.program == version


ARRIVES: Effects = frozenset({Effect.DAEMON_RESTARTS, Arrival(engine="28.5.2")})
STORE = "features.containerd-snapshotter"
OLD = state({**OVERLAY2, "ServerVersion": "20.10.24"}, document={})


def test_a_dockerd_that_is_yet_to_come_is_planned_for_by_its_version(no_docker: Docker, programs: Programs) -> None:
    programs("dockerd", "exit 1")  # what another one says is of no interest
    plan = planned(daemon(no_docker, registries=(QUAY,)), state(None, document={}), ARRIVES)
    assert [re.split("[,:]", action.summary)[0] for action in plan.actions] == [
        f"write {HOSTS_TOML}",
        f"write {DAEMON_JSON}",
        "restart docker",
    ]
    told = "daemon.json is validated by dockerd as soon as that is installed, before it is written"
    assert plan.notes == (Note(Kind.LIMIT, told),)


@pytest.mark.parametrize(
    ("now", "effects"),
    [
        pytest.param(OLD, NO_EFFECTS, id="it runs"),
        pytest.param(replace(OLD, info=None, program="20.10.24"), NO_EFFECTS, id="it does not run"),
        pytest.param(replace(OLD, info=None), frozenset({Arrival("20.10.24+dfsg1-1")}), id="it comes"),
    ],
)
def test_a_dockerd_without_the_containerd_image_store_does_without(
    now: DaemonState, effects: Effects, no_docker: Docker
) -> None:
    plan = planned(daemon(no_docker), now, effects)
    assert plan.actions == ()
    assert [note.text.partition(",")[0] for note in plan.notes] == [
        f"Docker {now.engine or '20.10.24+dfsg1-1'} has no containerd image store (since 24.0)"
    ]


def test_nothing_is_told_where_nobody_asks_for_that_store(no_docker: Docker, programs: Programs) -> None:
    programs("systemctl", "")
    programs("dockerd", "")
    options = {"features": {"containerd-snapshotter": None}}
    assert planned(daemon(no_docker, options=options), OLD).notes == ()


@pytest.mark.parametrize(
    ("document", "options"),
    [
        pytest.param({}, SNAPSHOTTER, id="asked for by the user"),
        pytest.param(SNAPSHOTTER, {}, id="in daemon.json"),
    ],
)
def test_a_dockerd_that_is_asked_for_an_image_store_that_it_has_not(
    document: dict[str, t.Any], options: dict[str, t.Any], no_docker: Docker
) -> None:
    with pytest.raises(HostError, match=rf"^{STORE} is true.*but Docker 20\.10\.24 has no containerd.*: null"):
        planned(daemon(no_docker, options=options), replace(OLD, document=document))


def test_hosts_toml_comes_and_goes_without_a_restart(no_docker: Docker, tmp_path: Path) -> None:
    hosts_toml = tmp_path / HOSTS_TOML[1:]
    made = daemon(no_docker, registries=(QUAY,))
    engine = {**CONTAINERD, "ServerVersion": "28.5.2"}
    plan = planned(made, replace(state(engine), files=FilesState(write=(WriteFile(HOSTS_TOML, "# ours\n"),))))
    assert [action.summary for action in plan.actions] == [f"write {HOSTS_TOML}, which docker reads at every pull"]
    assert plan.actions[0].difference == Difference(HOSTS_TOML, "", "# ours\n")
    assert (plan.effects, plan.notes) == (NO_EFFECTS, ())
    made.apply(plan.actions)
    assert hosts_toml.read_text() == "# ours\n"
    assert list(record.load("daemon")["files"]) == [HOSTS_TOML]

    gone = FilesState(remove=(RemoveFile(HOSTS_TOML, folder=True),))
    plan = planned(made, replace(state(engine), files=gone))
    assert [action.summary for action in plan.actions] == [f"remove {HOSTS_TOML}, no longer in builder_registries"]
    made.apply(plan.actions)
    assert not hosts_toml.parent.exists()
    assert "files" not in record.load("daemon")


def test_what_is_left_alone_is_told(no_docker: Docker) -> None:
    plan = planned(daemon(no_docker, registries=(QUAY,)), with_theirs(state(CONTAINERD), NO_TOKENS))
    assert plan.actions == ()
    told = f"{HOSTS_TOML} is unmanaged and was not changed: remove it to have it created from mirrors"
    assert plan.notes == (Note(Kind.LEFT_ALONE, told),)


def test_mirrors_that_this_dockerd_cannot_use_are_told(no_docker: Docker) -> None:
    plan = planned(daemon(no_docker, registries=(QUAY,)), state({**CONTAINERD, "ServerVersion": "27.5.1"}))
    assert plan.actions == ()
    assert [note.text.partition(":")[0] for note in plan.notes] == ["mirror a.example/quay of quay.example"]


# What is done. The stand-in for dockerd answers unless the daemon.json that it was started with says `bad`.
FORMER = {**SNAPSHOTTER, "log-driver": "local"}
WHY = "failed to start daemon: bad"
MEND = ". Fix builder_daemon_options, or /etc/docker/daemon.json if it is set there"
LABELS = {"labels": ["a=b"]}


@dataclass
class Host:
    """A host whose dockerd was started with *running*, a copy of *daemon_json*; *calls* are systemctl's."""

    daemon_json: Path
    running: Path
    calls: Path
    docker: Docker

    def write(self, document: dict[str, t.Any]) -> None:
        self.daemon_json.parent.mkdir(parents=True, exist_ok=True)
        self.daemon_json.write_text(json.dumps(document))

    def document(self) -> dict[str, t.Any]:
        return dict(json.loads(self.daemon_json.read_text()))

    def verbs(self) -> list[str]:
        """What systemctl was asked to do."""
        words = [line.split()[0] for line in self.calls.read_text().splitlines()] if self.calls.exists() else []
        return [word for word in words if word in ("start", "restart", "reload")]

    def run(self, options: dict[str, t.Any], *, mode: str = "now", killed: bool = False) -> list[type]:
        """The steps of a run; a *killed* one does but the first."""
        made = daemon(self.docker, mode, options=options)
        actions = made.plan(made.observe(), NO_EFFECTS).actions
        made.apply(actions[:1] if killed else actions)
        return [type(action.step) for action in actions]


@pytest.fixture
def host(
    daemon_json: Path,
    tmp_path: Path,
    dockerd: DockerdStandIn,
    docker: Docker,
    programs: Programs,
    monkeypatch: pytest.MonkeyPatch,
) -> Host:
    running, started = tmp_path / "running", tmp_path / "started"
    running.touch()
    started.write_text("0")

    def runs(_dockerd: object = None) -> bool:
        return "bad" not in running.read_text()

    dockerd.answers["GET /info"] = as_json({**CONTAINERD, "ServerVersion": "28.5.2", "Labels": LABELS["labels"]})
    dockerd.answers["GET /containers/json"] = as_json([])
    monkeypatch.setattr(DockerdStandIn, "ready", property(runs), raising=False)
    monkeypatch.setattr(restart_due, "daemon_start", lambda: float(started.read_text()) if runs() else None)
    monkeypatch.setattr(service, "_START_SECONDS", 0.1)
    monkeypatch.setattr(service.until, "__defaults__", (0.1,))
    units = tmp_path / "units"
    units.write_text(shown(docker={"ExecStart": f"{{ argv[]=/usr/sbin/dockerd {' '.join(FLAGS)} ; pid=109 ; }}"}))
    programs("dockerd", "")
    programs("journalctl", """echo '{"_SYSTEMD_UNIT":"docker.service","MESSAGE":"failed to start daemon: bad"}'""")
    start = f"cut -d' ' -f1 /proc/uptime >{started}; cp {daemon_json} {running}; ! grep -q bad {running}"
    calls = programs("systemctl", f'case "$*" in start* | restart*) {start} ;; *LoadState*) cat {units} ;; esac')
    made = Host(daemon_json, running, calls, docker)
    made.write(FORMER)
    return made


@pytest.mark.parametrize(
    ("options", "steps", "verbs"),
    [
        pytest.param({}, [], [], id="as asked"),
        pytest.param({"mtu": 9000}, [WriteConfiguration, RestartDaemon], ["restart"], id="what is read at the start"),
        pytest.param(LABELS, [WriteConfiguration, ReloadDaemon], ["reload"], id="what a reload brings"),
    ],
)
def test_a_change(options: dict[str, t.Any], steps: list[type], verbs: list[str], host: Host) -> None:
    assert host.run(options) == steps
    assert host.document() == {**FORMER, **options}
    assert host.verbs() == verbs
    assert keys().owned == owned_after({}, {}, options)
    assert rollback.is_open() is False
    assert host.run(options) == [], "the next run finds nothing to do"


def test_no_restart_without_room_on_dockerds_disk(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would lose sight of containers: campaign, disk full under /var/lib/docker."""
    monkeypatch.setattr(restart, "shortage", lambda folder: f"{folder} has 0 KiB left")
    monkeypatch.setattr(restart, "drain", lambda *_: pytest.fail("somebody is waited for in vain"))
    with pytest.raises(HostError, match=f"{ROOT} has 0 KiB left: docker was not restarted"):
        host.run({"mtu": 9000})
    assert (host.document(), host.verbs()) == (FORMER, [])
    assert host.run(LABELS) == [WriteConfiguration, ReloadDaemon], "a reload harms nobody"


def test_no_restart_if_work_that_was_waited_for_filled_the_disk(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    left = {"room": True}
    monkeypatch.setattr(restart, "shortage", lambda _folder: None if left["room"] else "/d has 0 KiB left")
    monkeypatch.setattr(restart, "drain", lambda *_: left.update(room=False))
    with pytest.raises(HostError, match="/d has 0 KiB left: docker was not restarted"):
        host.run({"mtu": 9000})
    assert (host.document(), host.verbs()) == (FORMER, [])


@pytest.mark.parametrize(
    ("options", "now"),
    [
        pytest.param({}, FORMER, id="a key of ours goes"),
        pytest.param({"mtu": 1280}, {**FORMER, "mtu": 1280}, id="a key of ours changes"),
    ],
)
def test_a_key_of_ours_is_ours_until_somebody_sets_it(
    options: dict[str, t.Any], now: dict[str, t.Any], host: Host
) -> None:
    host.run({"mtu": 9000})
    host.run(options)
    assert host.document() == now
    host.write({**FORMER, "mtu": 1500})
    assert host.run({}) == []
    assert host.document() == {**FORMER, "mtu": 1500}


@pytest.mark.parametrize(
    ("former", "told"),
    [
        pytest.param(
            FORMER,
            f"docker did not start, so the former {DAEMON_JSON} was restored, and docker runs again: {WHY}{MEND}",
            id="the former one serves",
        ),
        pytest.param(
            {**FORMER, "fixed-cidr": "bad"},
            f"docker does not start, not even with the former {DAEMON_JSON}, which was restored: {WHY}",
            id="it does not",
        ),
    ],
)
def test_a_file_that_dockerd_does_not_start_with_is_put_back(former: dict[str, t.Any], told: str, host: Host) -> None:
    host.write(former)
    with pytest.raises(HostError) as caught:
        host.run({"bip": "bad"})
    assert str(caught.value) == told
    assert host.document() == former
    assert host.verbs() == ["restart", "restart"]
    assert record.load("pending") == {}
    assert rollback.is_open() is False


def test_a_file_that_we_did_not_change_is_not_put_back(host: Host) -> None:
    host.write({**FORMER, "bip": "bad"})
    made = daemon(host.docker, "now", registries=WITH_CA)
    now = with_theirs(state(CONTAINERD, document=host.document()))
    with pytest.raises(HostError) as caught:
        made.apply(planned(made, now).actions)
    assert str(caught.value) == f"docker does not start, daemon.json was not changed: {WHY}"
    assert host.document() == {**FORMER, "bip": "bad"}


def test_a_reload_that_brings_nothing_becomes_a_restart(host: Host) -> None:
    """Which brings nothing either here: it is put back."""
    with pytest.raises(HostError, match=r"docker runs again: it shows labels \['a=b'\] in place of \['b=c'\]"):
        host.run({"labels": ["b=c"]})
    assert host.verbs() == ["reload", "restart", "restart"]
    assert host.document() == FORMER


def test_a_reload_that_brings_nothing_where_nothing_may_be_disrupted(host: Host) -> None:
    with pytest.raises(HostError) as caught:
        host.run({"labels": ["b=c"]}, mode="never")
    assert str(caught.value) == (
        "docker did not apply daemon.json by a reload: it shows labels ['a=b'] in place of ['b=c']. It must "
        "restart, but builder_disruption: never forbids"
    )
    assert host.verbs() == ["reload"]
    assert host.document() == {**FORMER, "labels": ["b=c"]}
    assert Effect.CONFIGURATION_CHANGES.name in record.load("pending")["marks"], "the next run knows that it waits"
    assert rollback.is_open() is True


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        pytest.param({"mtu": 9000}, [RestartDaemon], id="before the restart"),
        pytest.param(LABELS, [ReloadDaemon], id="before the reload: it stays one"),
    ],
)
def test_a_killed_run_is_finished_by_the_next(options: dict[str, t.Any], steps: list[type], host: Host) -> None:
    host.run(options, killed=True)
    assert rollback.is_open() is True
    assert host.run(options) == steps
    assert rollback.is_open() is False
    assert host.run(options) == []
    host.run({})
    assert host.document() == FORMER, "what it set was ours"


WHEN = pytest.mark.parametrize(
    "started", [pytest.param(False, id="killed before the restart"), pytest.param(True, id="killed after it")]
)


@WHEN
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"bip": "bad"}, id="the same"),
        pytest.param({"bridge": "bad"}, id="another one: back to what dockerd ran with, not to the killed run's"),
    ],
)
def test_a_bad_file_of_a_killed_run_is_taken_back_by_the_next(
    options: dict[str, t.Any], started: bool, host: Host
) -> None:
    host.run({"bip": "bad"}, killed=True)
    if started:
        service.restart(host.docker)
    with pytest.raises(HostError, match="was restored, and docker runs again"):
        host.run(options)
    assert host.document() == FORMER
    assert rollback.is_open() is False


@WHEN
def test_a_bad_file_of_a_killed_run_is_mended_by_the_next(started: bool, host: Host) -> None:
    host.run({"bip": "bad"}, killed=True)
    if started:
        service.restart(host.docker)
    assert host.run({"mtu": 9000}) == [WriteConfiguration, RestartDaemon]
    assert host.document() == {**FORMER, "mtu": 9000}
    assert rollback.is_open() is False


@pytest.mark.parametrize("options", [LABELS, {"mtu": 9000}], ids=["what a reload would bring", "what it would not"])
def test_a_change_where_docker_is_down_starts_it(options: dict[str, t.Any], host: Host) -> None:
    """Else nobody would see it run with the new file."""
    host.running.write_text("bad")
    assert host.run(options) == [WriteConfiguration, RestartDaemon]
    assert host.run(options) == []


def test_what_dockerd_itself_refuses_is_not_written(host: Host, programs: Programs) -> None:
    programs("dockerd", "echo 'unable to configure the Docker daemon with file' >&2; exit 1")
    with pytest.raises(HostError, match=r"dockerd refuses what daemon\.json would become, nothing was changed: unable"):
        host.run({"mtu": 9000})
    assert host.document() == FORMER
    assert host.verbs() == []
