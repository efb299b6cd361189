# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What daemon.json becomes, what of it is ours, and when dockerd has to be started anew."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.decide import (
    DaemonState,
    changes,
    desired,
    implied,
    owned_after,
    restart_reasons,
    unusable_mirrors,
)
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.store import (
    has_containerd_store,
    wants_containerd_store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.merge_patch import Path
from ansible_collections.multiarch.builders.plugins.module_utils.resource import NO_EFFECTS, Effect, Effects
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Registry

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
    owned: tuple[Path, ...] = (),
    info: Document | None = None,
    unseen: Effects = NO_EFFECTS,
) -> DaemonState:
    return DaemonState("", document or {}, owned, info, unseen)


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
            id="a mirror with a path is not for dockerd (moby/moby#36598, goharbor/harbor#18807)",
        ),
        pytest.param([Registry("quay.io", mirrors=("a.example",))], {}, id="mirrors of another registry"),
        pytest.param([Registry("a.example", insecure=True)], {"insecure-registries": ["a.example"]}, id="insecure"),
    ],
)
def test_implied(registries: list[Registry], patch: Document) -> None:
    assert implied(registries) == {**SNAPSHOTTER, **patch}


def test_mirrors_that_dockerd_cannot_use_are_told() -> None:
    table = [
        Registry("docker.io", mirrors=("a.example", "a.example/hub")),
        Registry("quay.io", mirrors=("b.example", "c.example/quay")),
    ]
    told = unusable_mirrors(table)
    assert [note.split(":")[0] for note in told] == [
        "mirror a.example/hub of docker.io",
        "mirror b.example of quay.io",
        "mirror c.example/quay of quay.io",
    ]


# (document, owned, patch, document then, owned then)
DOCUMENTS = [
    pytest.param({}, (), SNAPSHOTTER, SNAPSHOTTER, (("features", "containerd-snapshotter"),), id="new file"),
    pytest.param(
        {"log-driver": "local", "features": {"cdi": True}},
        (),
        SNAPSHOTTER,
        {"log-driver": "local", "features": {"cdi": True, "containerd-snapshotter": True}},
        (("features", "containerd-snapshotter"),),
        id="everybody else's keys stay",
    ),
    pytest.param(SNAPSHOTTER, (), SNAPSHOTTER, SNAPSHOTTER, (), id="set by somebody else already: theirs"),
    pytest.param({"debug": False}, (), {"debug": True}, {"debug": True}, (("debug",),), id="changed by us: ours"),
    pytest.param({"debug": True}, (("debug",),), {"debug": True}, {"debug": True}, (("debug",),), id="ours, stays"),
    pytest.param({"debug": False}, (("debug",),), {"debug": True}, {"debug": True}, (("debug",),), id="drifted"),
    pytest.param({"debug": True}, (("debug",),), {}, {}, (), id="ours, no longer asked for"),
    pytest.param({"debug": True}, (), {}, {"debug": True}, (), id="theirs, never asked for"),
    pytest.param({"debug": True, "dns": []}, (), {"debug": None}, {"dns": []}, (), id="a null removes theirs"),
    pytest.param(
        {"features": {"a": True, "b": True}},
        (("features", "a"),),
        {},
        {"features": {"b": True}},
        (),
        id="ours goes, their neighbour stays",
    ),
    pytest.param(
        {"registry-mirrors": ["https://a"]},
        (("registry-mirrors",),),
        {"registry-mirrors": ["https://b"]},
        {"registry-mirrors": ["https://b"]},
        (("registry-mirrors",),),
        id="a list is replaced whole",
    ),
    pytest.param(
        {"proxies": {"http-proxy": "p"}},
        (("proxies", "http-proxy"),),
        {"proxies": {"https-proxy": "q"}},
        {"proxies": {"https-proxy": "q"}},
        (("proxies", "https-proxy"),),
        id="one key of a mapping for another",
    ),
    pytest.param({"debug": True}, (("dns",),), {}, {"debug": True}, (), id="ours, gone by another hand"),
    pytest.param({}, (), {"log-opts": {}}, {"log-opts": {}}, (("log-opts",),), id="an empty mapping of ours"),
    pytest.param(
        {"log-opts": {"max-size": "10m"}},
        (),
        {"log-opts": {}},
        {"log-opts": {"max-size": "10m"}},
        (),
        id="an empty mapping changes nothing of theirs, so it stays theirs",
    ),
]


@pytest.mark.parametrize(("document", "owned", "patch", "then", "owned_then"), DOCUMENTS)
def test_the_document_then(
    document: Document, owned: tuple[Path, ...], patch: Document, then: Document, owned_then: tuple[Path, ...]
) -> None:
    now = state(document, owned)
    assert desired(now, patch) == then
    assert owned_after(now, patch) == owned_then
    # the next run finds nothing to do
    after = state(then, owned_then)
    assert desired(after, patch) == then
    assert owned_after(after, patch) == owned_then


@pytest.mark.parametrize(
    ("document", "patch"),
    [
        pytest.param({}, SNAPSHOTTER, id="a file of ours"),
        pytest.param({"features": {"cdi": True}, "dns": []}, SNAPSHOTTER, id="theirs beside ours"),
        pytest.param({"debug": True}, {"debug": True, "dns": []}, id="theirs, and wanted too"),
        pytest.param({"log-opts": {"max-size": "10m"}}, {"log-opts": {}}, id="theirs below an empty mapping"),
        pytest.param({"log-opts": {"max-size": "10m"}}, {"log-opts": {"tag": "x"}}, id="theirs in a mapping of both"),
    ],
)
def test_retiring_takes_what_is_ours_and_nothing_else(document: Document, patch: Document) -> None:
    before = state(document)
    after = state(desired(before, patch), owned_after(before, patch))
    assert desired(after, {}) == document


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param({"a": 1}, {"a": 1}, (), id="nothing"),
        pytest.param({}, SNAPSHOTTER, ("features.containerd-snapshotter: absent → true",), id="added"),
        pytest.param({"debug": True}, {}, ("debug: true → absent",), id="removed"),
        pytest.param({"d": ["1.1.1.1"]}, {"d": []}, ('d: ["1.1.1.1"] → []',), id="changed list"),
        pytest.param({"l": "ä"}, {"l": False}, ('l: "ä" → false',), id="letters and types"),
        pytest.param({"b": 1, "a": 1}, {}, ("a: 1 → absent", "b: 1 → absent"), id="sorted"),
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, (), id="another order is no change"),
    ],
)
def test_changes_in_words(before: Document, after: Document, told: tuple[str, ...]) -> None:
    assert changes(before, after) == told


TRUST = frozenset({Effect.TRUST_STORE_CHANGES})
FILE = frozenset({Effect.CONFIGURATION_CHANGES})
BECAUSE_TRUST = "the operating system's trust store changed, which dockerd reads once"
BECAUSE_FILE = "daemon.json changed after dockerd started"
BECAUSE_STORE = "dockerd runs without the containerd image store that daemon.json asks for"


@pytest.mark.parametrize(
    ("now", "after", "effects", "reasons"),
    [
        pytest.param(state(SNAPSHOTTER, info=CONTAINERD), SNAPSHOTTER, NO_EFFECTS, (), id="all is well"),
        pytest.param(state(info=OVERLAY2), {}, NO_EFFECTS, (), id="nobody asks for anything"),
        pytest.param(state(info=CONTAINERD), {"mtu": 9000}, NO_EFFECTS, ("mtu: absent → 9000",), id="the file changes"),
        pytest.param(state(info=CONTAINERD), {"debug": True}, NO_EFFECTS, (), id="a reload is enough"),
        pytest.param(state(SNAPSHOTTER, info=CONTAINERD), SNAPSHOTTER, TRUST, (BECAUSE_TRUST,), id="CA in this run"),
        pytest.param(
            state(SNAPSHOTTER, info=CONTAINERD, unseen=TRUST),
            SNAPSHOTTER,
            NO_EFFECTS,
            (BECAUSE_TRUST,),
            id="CA of a run that was killed",
        ),
        pytest.param(
            state(SNAPSHOTTER, info=CONTAINERD, unseen=TRUST),
            SNAPSHOTTER,
            TRUST,
            (BECAUSE_TRUST,),
            id="both, told once",
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
            TRUST,
            ("mtu: absent → 9000", BECAUSE_TRUST),
            id="the file and a CA; the former change goes without saying",
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
        pytest.param(state(SNAPSHOTTER), SNAPSHOTTER, NO_EFFECTS, (), id="dockerd is down: engine starts it"),
        pytest.param(
            state(info=CONTAINERD),
            {},
            frozenset({Effect.DAEMON_RESTARTS, Effect.IMAGE_STORE_SWITCHES}),
            (),
            id="other effects are no reason",
        ),
    ],
)
def test_restart_reasons(now: DaemonState, after: Document, effects: Effects, reasons: tuple[str, ...]) -> None:
    assert restart_reasons(now, after, effects) == reasons


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
