# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes to a host, and which hosts are refused: the generations of Debian 12, 13 and testing, and others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import Offer
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import (
    EngineState,
    ForgetPlugin,
    LeavePlugin,
    PlacePlugin,
    Plugin,
    PluginState,
    arriving,
    plugin_step,
    refusals,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Arrival

NOTHING = EngineState(None, None, installed=False, client=False)
OLD = EngineState("20.10.24+dfsg1", None, installed=True)
GOOD = EngineState("26.1.5+dfsg1", "0.13.1+ds1", installed=True)

DEBIAN_13 = Offer(
    ("docker.io", "docker-cli", "docker-buildx"),
    {"docker.io": "26.1.5+dfsg1-9", "docker-cli": "26.1.5+dfsg1-9", "docker-buildx": "0.13.1+ds1-3", "runc": "1.1.15"},
)
DEBIAN_12 = Offer(("docker.io", "docker-buildx"), unknown=("docker-buildx",), fresh=True)
PLUGIN = Plugin("a" * 64, url="https://a.example/buildx", version="0.29.1")
TAKEN = LeavePlugin()

NO_BUILDX = "the buildx plugin is not installed, but builders need 0.13"
OLD_BUILDX = "is installed, but builders need 0.13"
NO_DOCKER = "Docker is not installed: set builder_engine: distro, or install Docker's"


@pytest.mark.parametrize(
    ("state", "step", "told"),
    [
        pytest.param(OLD, None, NO_BUILDX, id="Debian 12"),
        pytest.param(GOOD, None, None, id="Debian 13"),
        pytest.param(EngineState("28.5.2+dfsg4", "0.29.1+ds1", True), None, None, id="Debian testing"),
        pytest.param(EngineState("29.0.0", "0.33.0", True), None, None, id="Docker's own"),
        pytest.param(EngineState("20.10.24", "0.13.0", True), None, None, id="the oldest buildx that serves"),
        pytest.param(EngineState("26.1.5", "0.13", True), None, None, id="the same, short"),
        pytest.param(EngineState("26.1.5", "0.11.2", True), None, OLD_BUILDX, id="buildx too old"),
        pytest.param(EngineState("26.1.5", "0.9.1", True), None, OLD_BUILDX, id="versions are numbers, not text"),
        pytest.param(EngineState(None, "0.13.1", True), None, None, id="not running"),
        pytest.param(replace(GOOD, client=False), None, "the docker client is not installed", id="no client"),
        pytest.param(NOTHING, None, NO_DOCKER, id="nothing: one reason is enough"),
        pytest.param(replace(NOTHING, offer=DEBIAN_13), None, None, id="nothing yet, all of it comes"),
        pytest.param(
            replace(NOTHING, offer=Offer(("docker.io",), {"docker.io": "20.10.24"})),
            PlacePlugin(PLUGIN),
            None,
            id="nothing yet, docker and a plugin come",
        ),
        pytest.param(
            replace(OLD, offer=DEBIAN_12),
            None,
            "the distribution has no package docker-buildx, but builders need 0.13 or newer: set builder_buildx_plugin",
            id="nothing comes for buildx",
        ),
        pytest.param(
            replace(NOTHING, offer=Offer(("docker.io",), unknown=("docker.io",), fresh=True)),
            None,
            "apt finds no package docker.io, not even in fresh lists: Check that /etc/apt",
            id="apt knows no docker",
        ),
        pytest.param(
            replace(OLD, offer=replace(DEBIAN_12, unfetched="http://a/InRelease: Could not connect to a:80")),
            None,
            "and cannot fetch fresh lists: http://a/InRelease: Could not connect to a:80: Check that this host reaches",
            id="the archive cannot be reached: what it has is not known",
        ),
        pytest.param(
            replace(GOOD, buildx=None, broken="/usr/local/lib/x: it is not executable"),
            None,
            "the buildx plugin is broken: /usr/local/lib/x: it is not executable: remove it",
            id="buildx is there and broken",
        ),
        pytest.param(
            replace(GOOD, buildx=None, broken="/usr/local/lib/x: y"),
            PlacePlugin(PLUGIN),
            None,
            id="a plugin comes for it",
        ),
        pytest.param(
            replace(NOTHING, offer=Offer(("docker.io",), refusal="E: remove is disabled.")),
            None,
            "apt-get would not install docker.io: E: remove is disabled.",
            id="apt would not",
        ),
        pytest.param(
            replace(OLD, offer=Offer(("docker-buildx",), {"docker-buildx": "0.11.2"})),
            None,
            "buildx 0.11.2 is the distribution's version, but builders need 0.13 or newer: set builder_buildx_plugin",
            id="too old a buildx would come",
        ),
        pytest.param(OLD, PlacePlugin(PLUGIN), None, id="a plugin comes"),
        pytest.param(OLD, PlacePlugin(replace(PLUGIN, version=None)), None, id="a plugin comes, which tells later"),
        pytest.param(
            replace(GOOD, buildx="0.11.2"), PlacePlugin(PLUGIN), None, id="a plugin comes in place of an old one"
        ),
        pytest.param(
            replace(GOOD, place=PluginState("a", "a", otherwise=None)), TAKEN, NO_BUILDX, id="ours goes, none is left"
        ),
        pytest.param(
            replace(GOOD, place=PluginState("a", "a", otherwise="0.13.1")), TAKEN, None, id="ours goes, another serves"
        ),
        pytest.param(
            replace(GOOD, place=PluginState("a", "a", otherwise="0.9.1")),
            TAKEN,
            OLD_BUILDX,
            id="ours goes, an old is left",
        ),
    ],
)
def test_refusals(state: EngineState, step: PlacePlugin | LeavePlugin | None, told: str | None) -> None:
    found = refusals(state, step, builders=True)
    assert len(found) == (0 if told is None else 1)
    if told is not None:
        assert told in found[0]


@pytest.mark.parametrize(
    ("state", "count"),
    [
        pytest.param(OLD, 0, id="no builders: no buildx is needed"),
        pytest.param(replace(OLD, client=False), 0, id="no builders: no client is needed"),
        pytest.param(NOTHING, 1, id="docker always is"),
    ],
)
def test_refusals_where_no_builder_is_asked_for(state: EngineState, count: int) -> None:
    assert len(refusals(state, None, builders=False)) == count


@pytest.mark.parametrize(
    ("wanted", "place", "step"),
    [
        pytest.param(None, PluginState(), None, id="none asked, none there"),
        pytest.param(None, PluginState("b" * 64), None, id="none asked, somebody else's"),
        pytest.param(PLUGIN, PluginState(), PlacePlugin(PLUGIN), id="asked, none there"),
        pytest.param(PLUGIN, PluginState(PLUGIN.sha256), None, id="asked, and there"),
        pytest.param(PLUGIN, PluginState("b" * 64), PlacePlugin(PLUGIN), id="another is there"),
        pytest.param(PLUGIN, PluginState("b" * 64, ours="b" * 64), PlacePlugin(PLUGIN), id="ours is another version"),
        pytest.param(None, PluginState("b" * 64, ours="b" * 64), LeavePlugin(), id="ours, not asked for any more"),
        pytest.param(None, PluginState("c" * 64, ours="b" * 64), ForgetPlugin(), id="ours was replaced by somebody"),
        pytest.param(None, PluginState(None, ours="b" * 64), ForgetPlugin(), id="ours was removed by somebody"),
    ],
)
def test_what_the_place_of_the_plugin_wants(wanted: Plugin | None, place: PluginState, step: object) -> None:
    assert plugin_step(wanted, place) == step


@pytest.mark.parametrize(
    ("offer", "step", "coming"),
    [
        pytest.param(None, None, Arrival(), id="nothing"),
        pytest.param(DEBIAN_13, None, Arrival("26.1.5+dfsg1-9", "0.13.1+ds1-3"), id="packages"),
        pytest.param(None, PlacePlugin(PLUGIN), Arrival(None, "0.29.1"), id="a plugin"),
        pytest.param(
            DEBIAN_13, PlacePlugin(PLUGIN), Arrival("26.1.5+dfsg1-9", "0.29.1"), id="both: ours is found first"
        ),
        pytest.param(
            None, PlacePlugin(replace(PLUGIN, version=None)), Arrival(None, ""), id="a plugin that tells later"
        ),
        pytest.param(
            Offer(("ca-certificates",), {"ca-certificates": "20250419"}),
            None,
            Arrival(None, None, True),
            id="the store",
        ),
    ],
)
def test_what_comes(offer: Offer | None, step: PlacePlugin | None, coming: Arrival) -> None:
    assert arriving(replace(GOOD, offer=offer), step) == coming
