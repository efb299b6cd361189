# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders in docker's default network: which are, what is refused, what is a note, and what a failure is told with."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import network
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import DefaultNetwork
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Effect, Effects
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import WANTED
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

NONE = DefaultNetwork(there=False)
BARE = DefaultNetwork(masqueraded=False)
STILL = DefaultNetwork(forwarded=False)
HOST = {"network": "host"}
AWAY = Node("away", "ssh://other")


@pytest.mark.parametrize(
    ("wanted", "uses"),
    [
        pytest.param(WANTED, True, id="nothing is said"),
        pytest.param(replace(WANTED, driver_opts={"network": "bridge"}), True, id="its name"),
        pytest.param(replace(WANTED, driver_opts=HOST), False, id="the host's"),
        pytest.param(replace(WANTED, driver_opts={"network": "builds"}), False, id="one of one's own"),
        pytest.param(replace(WANTED, nodes=(Node("a", driver_opts=HOST),)), False, id="said for the node"),
        pytest.param(replace(WANTED, nodes=(Node("a", driver_opts=HOST), Node("b"))), True, id="one of two nodes"),
        pytest.param(replace(WANTED, nodes=(AWAY,)), False, id="another host's docker"),
        pytest.param(replace(WANTED, driver="remote"), False, id="no container of ours"),
    ],
)
def test_who_is_in_it(wanted: Instance, uses: bool) -> None:
    assert network.uses_default(wanted) is uses
    assert bool(network.notes([wanted], BARE)) is uses


def test_no_network_at_all_is_refused_with_the_way_out() -> None:
    with pytest.raises(HostError) as told:
        network.require([WANTED, replace(WANTED, name="other", driver_opts=HOST)], NONE)
    assert str(told.value) == (
        "builder multiarch is in docker's default network: docker has no default network (`bridge: none`), so its "
        "container gets no network at all. Set `driver_opts: {network: host}` for it in builder_instances"
    )
    network.require([replace(WANTED, driver_opts=HOST)], NONE)
    assert network.notes([WANTED], NONE) == []


@pytest.mark.parametrize(
    ("found", "words"), [(BARE, "is not masqueraded"), (STILL, "the kernel does not forward packets")]
)
def test_what_others_may_mend_is_a_note(found: DefaultNetwork, words: str) -> None:
    (note,) = network.notes([WANTED], found)
    assert words in note
    assert note.endswith("; else set `driver_opts: {network: host}` for it in builder_instances")
    network.require([WANTED], found)


@pytest.mark.parametrize(
    ("now", "effects", "found"),
    [
        pytest.param(NONE, NO_EFFECTS, NONE, id="nothing happens to it"),
        pytest.param(NONE, {Effect.DAEMON_RESTARTS}, NONE, id="a restart with the same settings"),
        pytest.param(DefaultNetwork(), {NONE}, NONE, id="it goes"),
        pytest.param(NONE, {DefaultNetwork()}, DefaultNetwork(), id="it comes"),
        pytest.param(STILL, {DefaultNetwork()}, DefaultNetwork(), id="dockerd turns forwarding on"),
        pytest.param(DefaultNetwork(), {STILL}, DefaultNetwork(), id="it does not, and it is on"),
        pytest.param(STILL, {STILL}, STILL, id="it does not, and it is off"),
    ],
)
def test_as_it_is_after_the_concerns_before(now: DefaultNetwork, effects: Effects, found: DefaultNetwork) -> None:
    assert network.then(now, frozenset(effects)) == found


def test_without_a_dockerd_its_file_tells(daemon_json: Path) -> None:
    assert network.observe([WANTED], None) == DefaultNetwork()
    daemon_json.parent.mkdir(parents=True)
    daemon_json.write_text('\ufeff{"bridge": "none", "ip-forward": false}', encoding="utf-8")
    assert network.observe([WANTED], None) == NONE
    assert network.observe([replace(WANTED, driver_opts=HOST)], None) == DefaultNetwork(), "it does not matter"


NO_BRIDGE = {"GET /networks/bridge": as_json({"message": "network bridge not found"}, 404)}


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        pytest.param({"mode": "bridge"}, "docker has no default network", id="in it"),
        pytest.param({"mode": "default"}, "docker has no default network", id="by its former name"),
        pytest.param({"mode": "bridge", "disabled": True}, "was started while docker has no", id="severed"),
        pytest.param({"mode": "host"}, "", id="in the host's"),
        pytest.param(None, "", id="not there"),
    ],
)
def test_what_keeps_a_container_from_the_world(
    shown: dict[str, t.Any] | None, words: str, dockerd: DockerdStandIn, docker: Docker
) -> None:
    dockerd.answers = dict(NO_BRIDGE)
    if shown is not None:
        container = {
            "State": {"Running": True},
            "Config": {"NetworkDisabled": shown.get("disabled", False)},
            "HostConfig": {"NetworkMode": shown["mode"]},
        }
        dockerd.answers["GET /containers/c/json"] = as_json(container)
    found = network.fault_of("c", docker)
    assert words in found
    assert bool(words) == bool(found)
