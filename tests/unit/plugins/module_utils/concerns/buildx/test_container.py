# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's container as both engines show it, in the words of the driver's options."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.container import (
    COMPARED,
    Condition,
    Container,
    condition,
    in_one_form,
    parse,
    plain,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import STARTED_WITHOUT
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import (
    CONTAINER,
    CREATED,
    NODE,
    made,
    shown_by,
)

Shown = dict[str, t.Any]

VERSIONS = ("26.1.5", "28.5.2")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LIMITS = {
    "MemoryLimit": "memory",
    "SwapLimit": "memory-swap",
    "CpuCfsQuota": "cpu-quota",
    "CpuCfsPeriod": "cpu-period",
    "CPUShares": "cpu-shares",
}
ALL = {**dict.fromkeys(LIMITS, True), "CPUSet": True, "CgroupDriver": "cgroupfs"}
# As both engines recorded it: a host inside a host, which has no limits to give.
NONE = {**dict.fromkeys((*LIMITS, "CPUSet"), False), "CgroupDriver": "systemd"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_recorded_container(version: str) -> None:
    assert parse(shown_by(version), NONE, NODE.files) == replace(
        CONTAINER,
        options={"network": "bridge", "restart-policy": "unless-stopped", "env.PATH": PATH},
        unlimited=frozenset(COMPARED) - {"network", "restart-policy"},
    )


BRIDGE = {"network": "bridge"}
STOPS = {"restart-policy": "unless-stopped"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("recorded", "options"),
    [
        pytest.param(CREATED[0], {"cgroup-parent": "/docker/buildx", **BRIDGE, **STOPS}, id="nothing asked"),
        pytest.param(
            CREATED[1],
            {
                "memory": "1610612736",
                "memory-swap": "-1",
                "cpu-quota": "50000",
                "cpu-period": "100000",
                "cpu-shares": "512",
                "cpuset-cpus": "0-3",
                "cpuset-mems": "0",
                "network": "host",
                "restart-policy": "on-failure:3",
                "cgroup-parent": "/ci",
                "env.A": "",
                "env.B": "x=y",
            },
            id="everything asked",
        ),
        pytest.param(
            CREATED[2],
            {"cgroup-parent": "/docker/buildx", "restart-policy": "on-failure", **BRIDGE},
            id="zeros: no limits",
        ),
        pytest.param(
            CREATED[3],
            {
                "memory": "4194304",
                "memory-swap": "8589934592",
                "restart-policy": "no",
                "cgroup-parent": "/docker/buildx",
                **BRIDGE,
            },
            id="other words for the same",
        ),
        pytest.param(
            CREATED[4],
            {
                "memory": "2684354560",
                "memory-swap": "1125899906842624",
                "cpu-quota": "-1",
                "restart-policy": "always",
                "network": "builds",
                "cgroup-parent": "/docker/buildx",
            },
            id="large, without bounds, a network of one's own",
        ),
    ],
)
def test_what_buildx_asked_of_dockerd(recorded: Shown, options: dict[str, str], version: str) -> None:
    """Recorded of buildx 0.13.1 and 0.29.1."""
    found = parse(made(recorded, version), ALL, {})
    assert {name: value for name, value in found.options.items() if name != "env.PATH"} == options
    assert found.image == "a/b:v1"
    assert found.flags == tuple(recorded["stored"]["Flags"])
    assert found.unlimited == frozenset()


@pytest.mark.parametrize("recorded", CREATED, ids=lambda each: ", ".join(each["stored"]["DriverOpts"]))
def test_options_in_one_form_are_what_the_container_shows(recorded: Shown) -> None:
    asked = {name: value for name, value in recorded["stored"]["DriverOpts"].items() if name != "image"}
    found = parse(made(recorded, "28.5.2"), ALL, {}).options
    assert {name: found.get(name) for name in in_one_form(asked)} == in_one_form(asked)


@pytest.mark.parametrize(
    ("host", "options"),
    [
        pytest.param(
            {"Memory": 1024, "MemorySwap": 2048}, {"memory": "1024", "memory-swap": "2048"}, id="Docker's own"
        ),
        pytest.param({"Memory": 1024, "MemorySwap": -1}, {"memory": "1024", "memory-swap": "-1"}, id="all of the swap"),
        pytest.param({"Memory": 0, "MemorySwap": -1}, {}, id="where the kernel has no limit: daemon_unix.go"),
        pytest.param({"Memory": 0, "MemorySwap": 0}, {}, id="none"),
        pytest.param({"NetworkMode": "default"}, {"network": "bridge"}, id="the former name of the default"),
        pytest.param({"NetworkMode": "none"}, {"network": "none"}, id="no network"),
        pytest.param({"NetworkMode": ""}, {"network": None}, id="network: not told"),
        pytest.param({"RestartPolicy": {"Name": ""}}, {"restart-policy": "no"}, id="restart: no name"),
        pytest.param({"RestartPolicy": None}, {"restart-policy": "no"}, id="restart: null"),
        pytest.param(
            {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 5}},
            {"restart-policy": "on-failure:5"},
            id="restart: with a number",
        ),
        pytest.param({"CgroupParent": "build.slice"}, {"cgroup-parent": "build.slice"}, id="a slice"),
        pytest.param({"CpusetCpus": "0"}, {"cpuset-cpus": "0"}, id="processor 0 is one"),
    ],
)
def test_settings_of_a_container(host: Shown, options: dict[str, str | None]) -> None:
    """*options* with None are not there."""
    usual: dict[str, str | None] = {**BRIDGE, **STOPS, "env.PATH": PATH}
    wanted = {name: value for name, value in {**usual, **options}.items() if value is not None}
    assert parse(shown_by("26.1.5", host), ALL, {}).options == wanted


@pytest.mark.parametrize(
    ("config", "flags", "environment"),
    [
        pytest.param({"Cmd": None, "Env": None}, (), {}, id="null"),
        pytest.param({"Cmd": [], "Env": []}, (), {}, id="empty"),
        pytest.param(
            {"Cmd": ["--debug"], "Env": ["A=", "B=x=y", "C"]},
            ("--debug",),
            {"env.A": "", "env.B": "x=y", "env.C": ""},
            id="empty variables are variables, and an = may be in a value",
        ),
    ],
)
def test_flags_and_environment(config: Shown, flags: tuple[str, ...], environment: dict[str, str]) -> None:
    found = parse(shown_by("28.5.2", config=config), ALL, {})
    assert found.flags == flags
    assert {name: value for name, value in found.options.items() if name.startswith("env.")} == environment


@pytest.mark.parametrize("running", [True, False])
def test_whether_it_runs(running: bool) -> None:
    shown = shown_by("26.1.5")
    shown["State"]["Running"] = running
    assert parse(shown, ALL, {}).running is running


@pytest.mark.parametrize(
    ("info", "unlimited"),
    [
        pytest.param(ALL, set(), id="a host with all of them"),
        *(pytest.param({**ALL, key: False}, {name}, id=f"no {key}") for key, name in LIMITS.items()),
        pytest.param({**ALL, "CPUSet": False}, {"cpuset-cpus", "cpuset-mems"}, id="no CPUSet"),
        pytest.param({**ALL, "CgroupDriver": "systemd"}, {"cgroup-parent"}, id="systemd: driver.go sets it not at all"),
        pytest.param({**ALL, "CgroupDriver": "none"}, {"cgroup-parent"}, id="a rootless dockerd without cgroups"),
        pytest.param({"CgroupDriver": "cgroupfs"}, set(), id="not told: compared"),
        pytest.param(NONE, {*COMPARED} - {"network", "restart-policy"}, id="as recorded"),
    ],
)
def test_limits_that_a_host_does_not_have(info: Shown, unlimited: set[str]) -> None:
    """`docker info` (moby, api/types/system/info.go)"""
    assert parse(shown_by("28.5.2"), info, {}).unlimited == unlimited


@pytest.mark.parametrize(
    ("name", "value", "one_form"),
    [
        # docker/go-units, size.go, RAMInBytes()
        pytest.param("memory", "1073741824", "1073741824", id="bytes"),
        pytest.param("memory", "64b", "64", id="b"),
        pytest.param("memory", "64k", "65536", id="k"),
        pytest.param("memory", "4m", "4194304", id="m"),
        pytest.param("memory", "1g", "1073741824", id="g"),
        pytest.param("memory", "1G", "1073741824", id="G"),
        pytest.param("memory", "1gb", "1073741824", id="gb: of 1024, as Docker has it"),
        pytest.param("memory", "1GiB", "1073741824", id="GiB"),
        pytest.param("memory", "1 GiB", "1073741824", id="a space"),
        pytest.param("memory", "1.5g", "1610612736", id="a fraction"),
        pytest.param("memory", "1t", str(1024**4), id="t"),
        pytest.param("memory", "1p", str(1024**5), id="p"),
        pytest.param("memory-swap", "2g", "2147483648", id="swap"),
        pytest.param("memory-swap", "-1", "-1", id="swap without bounds"),
        pytest.param("memory", "0", "", id="memory: none"),
        pytest.param("memory", "0g", "", id="memory: none, with a unit"),
        pytest.param("memory-swap", "0", "", id="swap: Docker's own"),
        pytest.param("cpu-quota", "0", "", id="quota: none"),
        pytest.param("cpu-quota", "-1", "-1", id="quota: without bounds"),
        pytest.param("cpu-period", "0", "", id="period: none"),
        pytest.param("cpu-shares", "00", "", id="shares: none, written twice"),
        pytest.param("cpu-shares", "512", "512", id="shares"),
        pytest.param("cpuset-cpus", "0", "0", id="processor 0 is no zero"),
        pytest.param("cpuset-mems", "0", "0", id="nor is memory node 0"),
        pytest.param("network", "default", "bridge", id="network: default"),
        pytest.param("network", "bridge", "bridge", id="network: bridge"),
        pytest.param("network", "host", "host", id="network: host"),
        pytest.param("network", "1g", "1g", id="network: a name"),
        pytest.param("restart-policy", "on-failure", "on-failure", id="restart"),
        pytest.param("restart-policy", "on-failure:0", "on-failure", id="restart: as often as needed"),
        pytest.param("restart-policy", "on-failure:10", "on-failure:10", id="restart: ten times"),
        pytest.param("cgroup-parent", "/docker/buildx", "/docker/buildx", id="other options as they are"),
        pytest.param("env.memory", "1g", "1g", id="variables as they are"),
        pytest.param("env.A", "0", "0", id="a variable of 0"),
    ],
)
def test_plain(name: str, value: str, one_form: str) -> None:
    assert plain(name, value) == one_form


def test_options_that_are_as_good_as_none_are_left_out() -> None:
    options = {"memory": "0", "cpu-quota": "0", "cpuset-cpus": "0", "env.A": "", "network": "default"}
    assert in_one_form(options) == {"cpuset-cpus": "0", "env.A": "", "network": "bridge"}


def test_a_container_made_by_hand_has_nothing_to_compare() -> None:
    assert Container(True, image="i") == Container(True, image="i", files={}, flags=(), options={})


# Docker 26.1.5 and 28.5.2 show a state so; Docker's own check is in images that have a HEALTHCHECK.
PAUSED = {"Status": "paused", "Running": True, "Paused": True}
RESTARTING = {"Status": "restarting", "Running": True, "Restarting": True, "ExitCode": 3}
DEAD = {"Status": "dead", "Running": False, "Dead": True}
EXITED = {"Status": "exited", "Running": False}
HOST = "f" * 64


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("changes", "listed", "found"),
    [
        pytest.param({}, True, Condition(True), id="runs"),
        pytest.param({}, False, Condition(False, lost=True), id="runs, and docker has lost it"),
        pytest.param(EXITED, True, Condition(False), id="stopped"),
        pytest.param(PAUSED, True, Condition(False, paused=True), id="paused"),
        pytest.param(
            RESTARTING, True, Condition(False, stuck="restarts again and again (exit status 3)"), id="in a loop"
        ),
        pytest.param(DEAD, True, Condition(False, stuck="is dead, so docker cannot start it"), id="dead"),
        pytest.param({"Health": {"Status": "starting"}}, True, Condition(True), id="not checked yet"),
        pytest.param({"Health": {"Status": "healthy"}}, True, Condition(True), id="healthy"),
        pytest.param(
            {"Health": {"Status": "unhealthy"}},
            True,
            Condition(True, ailing="is unhealthy by its own check"),
            id="unhealthy",
        ),
    ],
)
def test_the_condition_of_a_container(changes: Shown, listed: bool, found: Condition, version: str) -> None:
    shown = shown_by(version)
    shown["State"] |= changes
    assert condition(shown, listed=listed) == found
    assert parse(shown, ALL, {}, listed=listed).trouble == found.trouble


STARTED = "2026-11-29T06:18:28.438973858Z"


@pytest.mark.parametrize(
    ("restarts", "started", "now", "running"),
    [
        pytest.param(3, STARTED, "2026-11-29T06:18:30.1Z", False, id="in a loop, up for a moment"),
        pytest.param(9, STARTED, "2026-11-29T07:18:30.123456789+01:00", False, id="by a clock of another zone"),
        pytest.param(9, STARTED, "2026-11-29T06:18:38Z", True, id="up for ten seconds"),
        pytest.param(2, STARTED, "2026-11-29T06:18:30Z", True, id="restarted twice"),
        pytest.param(0, STARTED, "2026-11-29T06:18:28Z", True, id="just started by somebody"),
        pytest.param(9, STARTED, "", True, id="no clock"),
        pytest.param(9, "", "2026-11-29T06:18:30Z", True, id="never started"),
    ],
)
def test_a_container_in_a_loop_is_up_at_times(restarts: int, started: str, now: str, running: bool) -> None:
    shown = shown_by("28.5.2")
    shown["RestartCount"], shown["State"]["StartedAt"] = restarts, started
    found = condition(shown, now=now)
    assert found == (Condition(True) if running else Condition(False, stuck="restarts again and again"))
    assert parse(shown, {**ALL, "SystemTime": now}, {}).running is running


@pytest.mark.parametrize(
    ("mode", "networks", "unplugged"),
    [
        pytest.param("bridge", {"bridge": {}}, None, id="the default"),
        pytest.param("default", {"bridge": {}}, None, id="its former name"),
        pytest.param("", {"bridge": {}}, None, id="not told"),
        pytest.param("bridge", {}, "bridge", id="disconnected"),
        pytest.param("default", {}, "bridge", id="disconnected, by its former name"),
        pytest.param("bridge", {"other": {"NetworkID": "a1"}}, "bridge", id="in another"),
        pytest.param("builds", {"builds": {}, "other": {}}, None, id="one of one's own, and another"),
        pytest.param("builds", {}, "builds", id="one of one's own, disconnected"),
        pytest.param("a1b2", {"builds": {"NetworkID": "a1b2c3"}}, None, id="by its id"),
        pytest.param("host", {"host": {}}, None, id="the host's"),
        pytest.param("none", {"none": {}}, None, id="none"),
        pytest.param(f"container:{HOST}", {}, None, id="another container's"),
    ],
)
def test_whether_it_is_in_its_network(mode: str, networks: Shown, unplugged: str | None) -> None:
    """A disconnected one has none, whether it runs or not (Docker 26.1.5, 28.5.2)."""
    shown = shown_by("28.5.2", {"NetworkMode": mode})
    shown["NetworkSettings"]["Networks"] = networks
    assert condition(shown).unplugged == unplugged


def test_one_that_was_started_without_a_network_has_none_for_good() -> None:
    """With `bridge: none`, and after it: dockerd 26.1.5 and 28.5.2 go on showing the network `bridge` of it."""
    shown = shown_by("28.5.2", config={"NetworkDisabled": True})
    assert condition(shown) == Condition(True, severed=True)
    assert parse(shown, ALL, {}).severed


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param(Condition(True), (), id="nothing"),
        pytest.param(Condition(False), ("does not run",), id="stopped"),
        pytest.param(Condition(False, paused=True), ("is paused",), id="paused"),
        pytest.param(Condition(False, lost=True), ("runs, and docker has lost it",), id="lost"),
        pytest.param(Condition(False, stuck="is dead"), ("is dead",), id="stuck"),
        pytest.param(Condition(True, ailing="is unhealthy"), ("is unhealthy",), id="ailing"),
        pytest.param(Condition(True, severed=True), (STARTED_WITHOUT,), id="severed"),
        pytest.param(
            Condition(False, unplugged="builds"), ("does not run", "is not in its network, builds"), id="two things"
        ),
    ],
)
def test_what_is_told_of_a_condition(found: Condition, words: tuple[str, ...]) -> None:
    assert found.trouble == words
