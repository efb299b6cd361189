# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of daemon.json, and when dockerd has to be started anew."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import (
    DaemonState,
    implied,
    restart_reasons,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.ours import Keys
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.store import (
    has_containerd_store,
    wants_containerd_store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Effect, Effects

Document = dict[str, t.Any]
SNAPSHOTTER = {"features": {"containerd-snapshotter": True}}
# `docker info` of Docker 26.1.5 with the containerd image store, and of 20.10.24 with overlay2, recorded.
CONTAINERD = {"Driver": "overlayfs", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
OVERLAY2 = {
    "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "extfs"], ["Supports d_type", "true"], ["userxattr", "true"]],
}


def state(
    document: Document | None = None,
    info: Document | None = None,
    unseen: Effects = NO_EFFECTS,
    way_back: bool = False,
) -> DaemonState:
    return DaemonState("", document or {}, Keys({}), info, unseen, way_back=way_back)


@pytest.mark.parametrize(
    ("registries", "patch"),
    [
        pytest.param([], {}, id="none"),
        pytest.param([Registry("harbor.example.com", ca="PEM")], {}, id="trusted: certs.d is enough"),
        pytest.param(
            [Registry("docker.io", mirrors=("a.example", "b.example:5000")), Registry("a.example")],
            {"registry-mirrors": ["https://a.example", "https://b.example:5000"]},
            id="mirrors of docker.io, in order",
        ),
        pytest.param(
            [Registry("docker.io", mirrors=("a.example:5000",)), Registry("a.example:5000", http=True)],
            {"registry-mirrors": ["http://a.example:5000"], "insecure-registries": ["a.example:5000"]},
            id="a mirror without TLS",
        ),
        pytest.param(
            [Registry("docker.io", mirrors=("harbor.example.com/hub", "a.example"))],
            {"registry-mirrors": ["https://a.example"]},
            id="a mirror with a path is not for daemon.json (moby/moby#36598, goharbor/harbor#18807)",
        ),
        pytest.param([Registry("quay.example", mirrors=("a.example",))], {}, id="mirrors of another registry"),
        pytest.param([Registry("a.example", insecure=True)], {"insecure-registries": ["a.example"]}, id="insecure"),
    ],
)
def test_implied(registries: list[Registry], patch: Document) -> None:
    assert implied(registries) == {**SNAPSHOTTER, **patch}


@pytest.mark.parametrize(
    ("registries", "insecure"),
    [
        pytest.param([], ["10.0.0.0/8", "fd00::/8"], id="networks alone"),
        pytest.param([Registry("a.b", http=True)], ["a.b", "10.0.0.0/8", "fd00::/8"], id="beside a registry"),
    ],
)
def test_networks_are_insecure_registries(registries: list[Registry], insecure: list[str]) -> None:
    found = implied(registries, networks=("10.0.0.0/8", "fd00::/8"))
    assert found == {**SNAPSHOTTER, "insecure-registries": insecure}


@pytest.mark.parametrize(
    ("proxy", "dns", "patch"),
    [
        pytest.param(
            Proxy(https="http://proxy:3128"), (), {"proxies": {"https-proxy": "http://proxy:3128"}}, id="a proxy"
        ),
        pytest.param(Proxy(), ("1.1.1.1", "9.9.9.9"), {"dns": ["1.1.1.1", "9.9.9.9"]}, id="name servers, in order"),
        pytest.param(Proxy(), (), {}, id="neither"),
    ],
)
def test_implied_by_the_network(proxy: Proxy, dns: tuple[str, ...], patch: Document) -> None:
    assert implied((), proxy, dns) == {**SNAPSHOTTER, **patch}


@pytest.mark.parametrize(
    ("info", "engine"),
    [
        pytest.param({"ServerVersion": "28.5.2+dfsg4"}, "28.5.2+dfsg4", id="it answers"),
        pytest.param({}, None, id="it does not say"),
        pytest.param(None, None, id="it is down"),
    ],
)
def test_the_version_of_dockerd(info: Document | None, engine: str | None) -> None:
    assert state(info=info).engine == engine


FILE = frozenset({Effect.CONFIGURATION_CHANGES})
RELOADS = frozenset({Effect.CONFIGURATION_RELOADS})
STARTS = frozenset({Effect.DAEMON_RESTARTS})
BECAUSE_TRUST = "the operating system's trust store changed, which dockerd reads once"
BECAUSE_FILE = "daemon.json changed after dockerd started"
BECAUSE_STORE = "dockerd runs without the containerd image store that daemon.json enables"
BECAUSE_INTERRUPTED = "docker does not run, and daemon.json is from a run that ended before docker ran with it"
BECAUSE_DOWN = "docker does not run, and daemon.json changes"


@pytest.mark.parametrize(
    ("now", "after", "effects", "reasons"),
    [
        pytest.param(state(SNAPSHOTTER, info=CONTAINERD), SNAPSHOTTER, NO_EFFECTS, (), id="all is well"),
        pytest.param(state(info=OVERLAY2), {}, NO_EFFECTS, (), id="nobody asks for anything"),
        pytest.param(state(info=CONTAINERD), {"mtu": 9000}, NO_EFFECTS, ("mtu: absent → 9000",), id="the file changes"),
        pytest.param(state(info=CONTAINERD), {"debug": True}, NO_EFFECTS, (), id="a reload is enough"),
        pytest.param(
            state(info=CONTAINERD),
            {"dns": ["1.1.1.1"], "proxies": {"http-proxy": "http://proxy:3128"}},
            NO_EFFECTS,
            ('dns: absent → ["1.1.1.1"]', 'proxies.http-proxy: absent → "http://proxy:3128"'),
            id="name servers and a proxy are read at the start",
        ),
        pytest.param(
            state(SNAPSHOTTER, info=CONTAINERD, unseen=FILE),
            SNAPSHOTTER,
            NO_EFFECTS,
            (BECAUSE_FILE,),
            id="a run was killed before the restart",
        ),
        pytest.param(
            state(unseen=FILE, info=CONTAINERD),
            {"mtu": 9000},
            NO_EFFECTS,
            ("mtu: absent → 9000",),
            id="the file; the former change goes without saying",
        ),
        pytest.param(
            state(SNAPSHOTTER, info=OVERLAY2), SNAPSHOTTER, NO_EFFECTS, (BECAUSE_STORE,), id="another image store runs"
        ),
        pytest.param(
            state(SNAPSHOTTER, info=OVERLAY2, unseen=FILE),
            SNAPSHOTTER,
            NO_EFFECTS,
            (BECAUSE_FILE,),
            id="another image store runs, and it is known why",
        ),
        pytest.param(
            state(SNAPSHOTTER, info=CONTAINERD, unseen=RELOADS),
            SNAPSHOTTER,
            NO_EFFECTS,
            (),
            id="a run was killed before the reload: that is enough",
        ),
        pytest.param(state(SNAPSHOTTER), SNAPSHOTTER, NO_EFFECTS, (), id="dockerd is down: engine starts it"),
        pytest.param(state(), {"mtu": 9000}, NO_EFFECTS, ("mtu: absent → 9000",), id="it is down, the file changes"),
        pytest.param(
            state(), {"debug": True}, NO_EFFECTS, (BECAUSE_DOWN,), id="it is down, and nobody is there to reload"
        ),
        pytest.param(state(), {"debug": True}, STARTS, (), id="engine starts it in this run: a reload is enough"),
        pytest.param(
            state(SNAPSHOTTER, way_back=True),
            SNAPSHOTTER,
            NO_EFFECTS,
            (BECAUSE_INTERRUPTED,),
            id="it is down since a run was killed",
        ),
        pytest.param(
            state(way_back=True), {"debug": True}, NO_EFFECTS, (BECAUSE_INTERRUPTED,), id="the same, the file changes"
        ),
        pytest.param(
            state(way_back=True),
            {"mtu": 9000},
            NO_EFFECTS,
            ("mtu: absent → 9000",),
            id="the same, and there is a better reason",
        ),
        pytest.param(
            state(SNAPSHOTTER, way_back=True),
            SNAPSHOTTER,
            STARTS,
            (BECAUSE_INTERRUPTED,),
            id="the same, engine starts it: nobody knows yet with which file",
        ),
        pytest.param(
            state(SNAPSHOTTER, info=CONTAINERD, way_back=True),
            SNAPSHOTTER,
            NO_EFFECTS,
            (),
            id="it runs with the file of a run that was killed",
        ),
        pytest.param(
            state(info=CONTAINERD),
            {},
            frozenset({Effect.DAEMON_RESTARTS, Effect.CONTAINERS_VANISH}),
            (),
            id="other effects are no reason",
        ),
    ],
)
def test_restart_reasons(now: DaemonState, after: Document, effects: Effects, reasons: tuple[str, ...]) -> None:
    assert restart_reasons(now, after, effects, ()) == reasons


@pytest.mark.parametrize(
    ("now", "unproven"),
    [
        pytest.param(state(info=CONTAINERD), False, id="no way back is open"),
        pytest.param(state(info=CONTAINERD, unseen=FILE), False, id="of a file that somebody changed since"),
        pytest.param(state(info=CONTAINERD, way_back=True), False, id="dockerd was started after it was written"),
        pytest.param(state(info=CONTAINERD, unseen=FILE, way_back=True), True, id="killed before the restart"),
        pytest.param(state(info=CONTAINERD, unseen=RELOADS, way_back=True), True, id="killed before the reload"),
        pytest.param(state(way_back=True), True, id="dockerd is down: perhaps because of it"),
        pytest.param(state(), False, id="dockerd is down, not because of us"),
    ],
)
def test_whether_daemon_json_is_a_way_back_itself(now: DaemonState, unproven: bool) -> None:
    assert now.unproven is unproven


@pytest.mark.parametrize(
    ("now", "after", "reasons"),
    [
        pytest.param(state(info=CONTAINERD), {}, (BECAUSE_TRUST,), id="a CA alone"),
        pytest.param(
            state(info=CONTAINERD), {"mtu": 9000}, ("mtu: absent → 9000", BECAUSE_TRUST), id="the file and a CA"
        ),
        pytest.param(
            state(info=CONTAINERD, unseen=FILE), {}, (BECAUSE_TRUST,), id="the former change goes without saying"
        ),
    ],
)
def test_a_dockerd_that_needs_the_system_store_is_restarted(
    now: DaemonState, after: Document, reasons: tuple[str, ...]
) -> None:
    assert restart_reasons(now, after, NO_EFFECTS, (BECAUSE_TRUST,)) == reasons


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        pytest.param(SNAPSHOTTER, True, id="true"),
        pytest.param({"features": {"containerd-snapshotter": False}}, False, id="false"),
        pytest.param({"features": {"containerd-snapshotter": "true"}}, False, id="text: dockerd refuses it"),
        pytest.param({"features": {}}, False, id="not said"),
        pytest.param({}, False, id="no features"),
        pytest.param({"features": None}, False, id="null"),
    ],
)
def test_wants_containerd_store(document: Document, wanted: bool) -> None:
    assert wants_containerd_store(document) is wanted


@pytest.mark.parametrize(
    ("info", "has"),
    [
        pytest.param(CONTAINERD, True, id="Docker 26.1 and 28.5 with the feature"),
        pytest.param(OVERLAY2, False, id="Docker 20.10, overlay2"),
        pytest.param({"DriverStatus": None}, False, id="vfs has no status"),
        pytest.param({}, False, id="no answer about it"),
    ],
)
def test_has_containerd_store(info: Document, has: bool) -> None:
    assert has_containerd_store(info) is has
