# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who works on a host: histories of BuildKit as they were recorded, and containers at a stand-in for dockerd."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker import workload
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import (
    Work,
    at_restart,
    builds_in,
    builds_in_daemon,
    drain,
    is_building,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    CLIENT,
    WITH_CLIENT,
    DockerdStandIn,
    as_json,
)

# Recorded during a build and after it: the BuildKit of Docker 26.1.5 in a builder of buildx 0.13.1.
STARTED = '{"record":{"Ref":"bxb3s0tn60q79qozsejff671q","CreatedAt":{"seconds":1795243912,"nanos":110759277}}}'
COMPLETE = (
    '{"type":1,"record":{"Ref":"bxb3s0tn60q79qozsejff671q","CreatedAt":{"seconds":1795243912,"nanos":110759277},'
    '"CompletedAt":{"seconds":1795243918,"nanos":305150415}}}'
)
OTHER = '{"type":1,"record":{"Ref":"3av9onwp7wyg3y3wntlkd1y1u","CreatedAt":{"seconds":1795243884,"nanos":804290030}}}'


@pytest.fixture(autouse=True)
def _no_dockerd_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs where the tests run is no part of them."""
    monkeypatch.setattr(workload, "daemon_pid", lambda: None)


@pytest.mark.parametrize(
    ("histories", "building"),
    [
        pytest.param(f"{STARTED}\n{OTHER}\n", True, id="recorded during a build"),
        pytest.param(f"{OTHER}\n{COMPLETE}\n", False, id="recorded after it"),
        pytest.param(f"{OTHER}\n{STARTED}\n", True, id="the last of several"),
        pytest.param('{"type":0,"record":{"Ref":"x"}}', True, id="the number"),
        pytest.param('{"type":"STARTED","record":{"Ref":"x"}}', True, id="the word"),
        pytest.param('{"type":"COMPLETE"}\n{"type":"DELETED"}', False, id="the other words"),
        pytest.param('{"type":2,"record":{"Ref":"x"}}', False, id="deleted"),
        pytest.param("", False, id="no build yet"),
        pytest.param("\n\n", False, id="empty lines"),
        pytest.param(f"WARN: something\n{OTHER}\nnull\n[]\n0\n", False, id="other lines"),
        pytest.param(f"WARN: something\n{STARTED}\n", True, id="a warning first"),
    ],
)
def test_is_building(histories: str, building: bool) -> None:
    assert is_building(histories) is building


@pytest.mark.parametrize(
    ("work", "words", "busy"),
    [
        pytest.param(Work((), ()), "", False, id="nothing"),
        pytest.param(Work(("buildx_buildkit_b0",), ()), "a build in buildx_buildkit_b0", True, id="a build"),
        pytest.param(Work((), ("a", "b")), "container a, container b", True, id="containers"),
        pytest.param(Work(("b0",), ("a",)), "a build in b0, container a", True, id="both"),
    ],
)
def test_work_in_words(work: Work, words: str, busy: bool) -> None:
    assert str(work) == words
    assert bool(work) is busy


# Recorded on a host with Docker 26.1.5 while `docker build` ran there.
RUNC = (
    "runc --log /var/lib/docker/buildkit/executor/runc-log.json --log-format json "
    "run --bundle /var/lib/docker/buildkit/executor/oi4uo1fbx91ygoqq95qb83ng3 --keep oi4uo1fbx91ygoqq95qb83ng3"
)
PROXY = "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 80 -container-ip 172.17.0.2 -container-port 80"


@pytest.mark.parametrize(
    ("processes", "building"),
    [
        pytest.param({1687: (1, "dockerd"), 2007: (1687, RUNC), 2022: (2007, "sh -c make")}, True, id="a RUN step"),
        pytest.param({1687: (1, "dockerd"), 1701: (1687, PROXY)}, False, id="a published port"),
        pytest.param({1687: (1, "dockerd"), 1643: (1622, "dockerd"), 2007: (1643, RUNC)}, False, id="in a builder"),
        pytest.param({2007: (1, RUNC)}, False, id="left over by another dockerd"),
        pytest.param({}, False, id="nothing"),
    ],
)
def test_a_build_in_dockerd_itself(processes: dict[int, tuple[int, str]], building: bool, tmp_path: Path) -> None:
    """`docker build` where no builder is chosen: no container shows it."""
    (tmp_path / "proc" / "3000").mkdir(parents=True)  # ended between two looks
    for pid, (parent, command) in processes.items():
        folder = tmp_path / "proc" / str(pid)
        folder.mkdir()
        (folder / "stat").write_text(f"{pid} (a ) name) S {parent} {pid} {pid} 0 -1\n")
        (folder / "cmdline").write_bytes(command.replace(" ", "\0").encode() + b"\0")
    assert builds_in_daemon(1687) is building
    assert builds_in_daemon(None) is False


def test_a_build_in_dockerd_itself_is_work(
    dockerd: DockerdStandIn, docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workload, "builds_in_daemon", lambda daemon: daemon == 1687)
    monkeypatch.setattr(workload, "daemon_pid", lambda: 1687)
    dockerd.answers["GET /info"] = as_json({"LiveRestoreEnabled": True})
    dockerd.answers["GET /containers/json"] = as_json([])
    assert str(at_restart(docker, keeps=True)) == "a build in docker itself"


@pytest.mark.parametrize("live_restore", [False, True])
@pytest.mark.parametrize(
    ("policy", "comes_back"),
    [("no", False), ("", False), ("on-failure", False), ("always", True), ("unless-stopped", True)],
)
def test_containers_that_would_not_come_back(
    live_restore: bool, policy: str, comes_back: bool, dockerd: DockerdStandIn, docker: Docker
) -> None:
    """https://docs.docker.com/engine/containers/start-containers-automatically/"""
    dockerd.answers["GET /info"] = as_json({"LiveRestoreEnabled": live_restore})
    dockerd.answers["GET /containers/json"] = as_json([{"Id": "1", "Names": ["/ci-job", "/other/ci-job"]}])
    dockerd.answers["GET /containers/1/json"] = as_json({"HostConfig": {"RestartPolicy": {"Name": policy}}})
    assert at_restart(docker, keeps=True) == Work((), () if comes_back or live_restore else ("ci-job",))


def test_live_restore_that_the_next_dockerd_has_not_keeps_nothing(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /info"] = as_json({"LiveRestoreEnabled": True})
    dockerd.answers["GET /containers/json"] = as_json([{"Id": "1", "Names": ["/ci-job"]}])
    dockerd.answers["GET /containers/1/json"] = as_json({"HostConfig": {"RestartPolicy": {"Name": "no"}}})
    assert at_restart(docker, keeps=True) == Work((), ())
    assert at_restart(docker, keeps=False) == Work((), ("ci-job",))


FORMER_CLIENT = {"GET /exec/former/json": as_json({"Running": False})}


@pytest.mark.parametrize(
    ("execs", "history", "building"),
    [
        pytest.param(["a-client"], STARTED, True, id="during a build"),
        pytest.param(["a-client"], COMPLETE, False, id="after it"),
        pytest.param(None, STARTED, False, id="whose client is lost: campaign, dockerd killed"),
        pytest.param(["former"], STARTED, False, id="whose client ended"),
        pytest.param(["gone", "a-client"], STARTED, True, id="one of several clients"),
    ],
)
def test_a_build_is_work_although_its_builder_comes_back(
    execs: list[str] | None,
    history: str,
    building: bool,
    dockerd: DockerdStandIn,
    docker: Docker,
    programs: t.Callable[[str, str], Path],
) -> None:
    """A stand-in for the docker client answers what was recorded."""
    calls = programs("docker", f"echo '{history}'")
    dockerd.answers["GET /info"] = as_json({"LiveRestoreEnabled": True})
    names = {"1": "buildx_buildkit_multiarch0", "2": "ci-buildx_buildkit_0"}
    dockerd.answers["GET /containers/json"] = as_json([{"Id": key, "Names": [f"/{names[key]}"]} for key in names])
    for key in names:
        shown = {"HostConfig": {"RestartPolicy": {"Name": "always"}}, "ExecIDs": execs}
        dockerd.answers |= {f"GET /containers/{key}/json": as_json(shown), **CLIENT, **FORMER_CLIENT}
    assert at_restart(docker, keeps=True) == Work(("buildx_buildkit_multiarch0",) if building else (), ())
    asked = ["exec buildx_buildkit_multiarch0 buildctl debug histories --format {{json .}}"]
    told = calls.read_text().splitlines() if calls.exists() else []
    assert told == (asked if "a-client" in (execs or ()) else []), "only builders with a client are asked"


@pytest.mark.parametrize(
    ("processes", "building"),
    [
        pytest.param("COMMAND\\nbuildkitd\\nbuildctl dial-stdio", False, id="a connection left over"),
        pytest.param("COMMAND\\nbuildkitd\\nsh -c make", True, id="a step"),
    ],
)
def test_a_buildkit_without_records_is_looked_at_by_its_processes(
    processes: str,
    building: bool,
    programs: t.Callable[[str, str], Path],
    dockerd: DockerdStandIn,
    docker: Docker,
) -> None:
    """A stand-in for the docker client, whose builder does not know `buildctl debug histories`."""
    calls = programs("docker", f"[ $1 = top ] || exit 1; printf '{processes}\\n'")
    dockerd.answers |= CLIENT
    assert builds_in("buildx_buildkit_b0", WITH_CLIENT, docker) is building
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["exec", "top"]


def test_a_container_that_ends_meanwhile_is_no_error(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /info"] = as_json({})
    dockerd.answers["GET /containers/json"] = as_json([{"Id": "1", "Names": ["/ci-job"]}])
    assert at_restart(docker, keeps=True) == Work((), ("ci-job",))


def test_a_dockerd_that_is_down_has_no_work(no_docker: Docker) -> None:
    assert at_restart(no_docker, keeps=True) == Work((), ())


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Work]:
    """What there is to see, look by look; no time passes between."""
    monkeypatch.setattr(workload, "_PAUSE", 0)
    return [Work(("b0",), ()), Work(("b0",), ("a",)), Work((), ())]


@pytest.mark.parametrize("mode", ["wait", "never"])
def test_drain_waits_until_nothing_runs(mode: str, looks: list[Work]) -> None:
    drain(lambda: looks.pop(0), Disruption(mode, 900), "a restart of docker")
    assert looks == []


def test_drain_does_not_even_look_with_leave(looks: list[Work]) -> None:
    drain(lambda: looks.pop(0), Disruption("now", 900), "a restart of docker")
    assert len(looks) == 3


def test_drain_ends_with_who_still_works(looks: list[Work]) -> None:
    with pytest.raises(HostError) as caught:
        drain(lambda: looks[1], Disruption("wait", 0), "a restart of docker")
    assert str(caught.value).startswith(
        "a restart of docker would end a build in b0, container a, still running after builder_drain_timeout (0 s)"
    )


def test_drain_looks_at_least_once(looks: list[Work]) -> None:
    drain(looks.pop, Disruption("wait", -1), "a restart of docker")
    assert len(looks) == 2


@pytest.mark.parametrize(
    ("processes", "runs"),
    [
        pytest.param("COMMAND\nbuildkitd --allow-insecure-entitlement=network.host\n", False, id="idle"),
        pytest.param("COMMAND\n/usr/bin/buildkitd\nbuildctl dial-stdio\n", False, id="a connection left over"),
        pytest.param("COMMAND\nbuildkitd\nbuildkit-runc run x\nsleep 60\n", True, id="a RUN step"),
        pytest.param("", False, id="the container is gone"),
    ],
)
def test_processes_tell_where_buildkit_keeps_no_records(processes: str, runs: bool) -> None:
    assert workload.runs_steps(processes) is runs
