# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is removed, what is kept, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import Sweep
from ansible_collections.multiarch.builders.plugins.module_utils.survey.leftovers import (
    Disk,
    Entry,
    Found,
    Image,
    Node,
    Outcome,
    decided,
)

HOUR = 3600
NOW = 1_795_260_659
OLD, YOUNG = NOW - 30 * HOUR, NOW - HOUR
RULES = Sweep(after=24 * HOUR)
JOBS = replace(RULES, patterns=("builder-*",))
GB = 10**9
DISK, FULL = Disk("/var/lib/docker", 100 * GB, 60 * GB), Disk("/var/lib/docker", 100 * GB, 5 * GB)
DATE = "2026-11-20T05:30:59Z"


def node(name: str = "builder-10", **more: object) -> Node:
    return replace(Node(name, "id", "running", f"buildx_buildkit_{name}_state", OLD), **more)  # type: ignore[arg-type]


def found(*nodes: Node, work: str | None = "", **more: object) -> Found:
    """A host with *nodes*, in each of which *work* was found; None if nobody has looked."""
    seen = {} if work is None else {each.name: work for each in nodes}
    return replace(Found(NOW, {each.name: each for each in nodes}, work=seen), **more)  # type: ignore[arg-type]


def entry(user: str = "ci", builder: str = "builder-1", **more: object) -> Entry:
    return replace(Entry(user, builder, ("builder-10",), OLD), **more)  # type: ignore[arg-type]


ORPHAN = f"in no user's store, last used {DATE}"
JOBS_OWN = f"in the store of ci, last used {DATE}"
KEPT, MANAGED, BUILDS = "builder_guard_options.sweep.keep names it", "it is managed", "a build is running in it"
FRESH = "it was used less than 24 h ago"
STAYS, GOES, LOOK = Outcome.STAYS, Outcome.GOES, Outcome.LOOK


@pytest.mark.parametrize(
    ("host", "rules", "outcome", "why"),
    [
        # in no user's store
        pytest.param(found(node()), RULES, GOES, ORPHAN, id="an orphan"),
        pytest.param(found(node(), work=None), RULES, LOOK, ORPHAN, id="nobody has looked into it"),
        pytest.param(found(node(state="exited"), work=None), RULES, GOES, ORPHAN, id="it is stopped"),
        pytest.param(found(node(state="paused"), work=None), RULES, LOOK, ORPHAN, id="it is paused"),
        pytest.param(found(node(container="", state=""), work=None), RULES, GOES, ORPHAN, id="only a volume"),
        pytest.param(found(node(used=YOUNG)), RULES, STAYS, FRESH, id="it is young"),
        pytest.param(found(node(used=NOW + HOUR)), RULES, STAYS, FRESH, id="of tomorrow"),
        pytest.param(found(node(), work=BUILDS), RULES, STAYS, BUILDS, id="busy"),
        pytest.param(
            found(node(others=("backup",))), RULES, STAYS, "container backup uses its volume", id="shared volume"
        ),
        pytest.param(
            found(node(), unread=("jane",)), RULES, STAYS, "the store of jane cannot be read", id="it may be jane's"
        ),
        # ours
        pytest.param(found(node(), ours=frozenset({"builder-10"})), JOBS, STAYS, MANAGED, id="our node"),
        pytest.param(
            found(node(), entries=(entry(),), ours=frozenset({"builder-1"})), JOBS, STAYS, MANAGED, id="our name"
        ),
        pytest.param(
            found(node(), entries=(entry(),), ours=frozenset({"builder-10"})),
            JOBS,
            STAYS,
            MANAGED,
            id="our node in somebody's store",
        ),
        # in users' stores
        pytest.param(found(node(), entries=(entry(),)), RULES, STAYS, "it is in the store of ci", id="a user's"),
        pytest.param(
            found(node(), entries=(entry(), entry("jane"))), RULES, STAYS, "it is in the store of ci, jane", id="users'"
        ),
        pytest.param(found(node(), entries=(entry(),)), JOBS, GOES, JOBS_OWN, id="a job's"),
        pytest.param(found(entries=(entry(),)), JOBS, GOES, JOBS_OWN, id="only an entry"),
        pytest.param(found(node(), entries=(entry(),), unread=("jane",)), JOBS, GOES, JOBS_OWN, id="whatever jane has"),
        pytest.param(found(node(), entries=(entry(used=YOUNG),)), JOBS, STAYS, FRESH, id="just made"),
        pytest.param(
            found(node(), entries=(entry(here=False),)),
            JOBS,
            STAYS,
            "it has nodes that are not containers of this host's docker",
            id="nodes elsewhere",
        ),
        pytest.param(
            found(node(), entries=(entry(nodes=None),)),
            JOBS,
            STAYS,
            "its entry in the store of ci cannot be read",
            id="a broken entry, whose node has the usual name",
        ),
        pytest.param(
            found(node(), entries=(entry(writable=False),)),
            JOBS,
            STAYS,
            "the guard may not write to the store of ci before the host is provisioned again",
            id="a new store",
        ),
        # by name
        pytest.param(found(node("ci0")), replace(RULES, keep=("ci",)), STAYS, KEPT, id="kept by its builder's name"),
        pytest.param(found(node("arm-1")), replace(RULES, keep=("ARM-*",)), STAYS, KEPT, id="kept by a pattern"),
        pytest.param(
            found(node(), entries=(entry(),)),
            replace(RULES, patterns=("builder-",)),
            STAYS,
            "it is in the store of ci",
            id="a pattern names the whole name",
        ),
        # by free space
        pytest.param(
            found(node(), disk=DISK),
            replace(RULES, share=20),
            STAYS,
            "at least 20% of /var/lib/docker is free",
            id="enough is free",
        ),
        pytest.param(found(node(), disk=FULL), replace(RULES, share=20), GOES, ORPHAN, id="too little is free"),
        pytest.param(
            found(node(used=YOUNG), disk=FULL),
            replace(RULES, share=20),
            STAYS,
            FRESH,
            id="young on a full disk",
        ),
        pytest.param(
            found(node(), disk=DISK),
            replace(RULES, free=50 * GB),
            STAYS,
            "at least 50.0 GB of /var/lib/docker is free",
            id="enough bytes are free",
        ),
        pytest.param(
            found(node()), replace(RULES, share=20), STAYS, "the free space of its disk is unknown", id="unknown disk"
        ),
    ],
)
def test_a_builder(host: Found, rules: Sweep, outcome: Outcome, why: str) -> None:
    (verdict,) = decided(host, rules)
    assert (verdict.outcome, verdict.why) == (outcome, why)


@pytest.mark.parametrize(
    ("image", "more", "rules", "outcome", "why"),
    [
        pytest.param(Image("sha256:ab", OLD), {}, RULES, GOES, f"dangling, found {DATE}", id="old"),
        pytest.param(
            Image("sha256:ab", YOUNG), {}, RULES, STAYS, "it has been dangling for less than 24 h", id="young"
        ),
        pytest.param(Image("sha256:ab", OLD, ("web",)), {}, RULES, STAYS, "container web uses it", id="in use"),
        pytest.param(
            Image("sha256:ab", OLD), {"building": True}, RULES, STAYS, "docker itself is building", id="build"
        ),
        pytest.param(
            Image("sha256:ab", OLD),
            {"disk": FULL, "image_disk": replace(DISK, path="/srv/containerd")},
            replace(RULES, share=20),
            STAYS,
            "at least 20% of /srv/containerd is free",
            id="the disk of images has room",
        ),
        pytest.param(
            Image("sha256:ab", OLD),
            {"disk": DISK, "image_disk": FULL},
            replace(RULES, share=20),
            GOES,
            f"dangling, found {DATE}",
            id="the disk of images has none",
        ),
    ],
)
def test_an_image(image: Image, more: dict[str, object], rules: Sweep, outcome: Outcome, why: str) -> None:
    (verdict,) = decided(replace(found(), images=(image,), **more), rules)  # type: ignore[arg-type]
    assert (verdict.outcome, verdict.why, verdict.key) == (outcome, why, "image ab")
    assert decided(found(), replace(rules, images=False)) == ()


def test_the_longest_unused_goes_first_and_each_once() -> None:
    nodes = [node("b", used=OLD + 1), node("a", used=OLD + 2), node("c", used=OLD)]
    host = replace(found(*nodes), images=(Image("sha256:ab", OLD - 1),))
    assert [each.key for each in decided(host, RULES)] == ["image ab", "builder c", "builder b", "builder a"]


def test_what_belongs_to_two_builders_stays() -> None:
    host = found(node(), entries=(entry(), entry("jane", "mine")))
    assert {each.key: each.why for each in decided(host, replace(RULES, patterns=("builder-*", "mine")))} == {
        "builder builder-1": "builder mine has the same node",
        "builder mine": "builder builder-1 has the same node",
    }


def test_what_a_remote_builder_connects_to_stays() -> None:
    mine = entry("jane", "mine", nodes=("mine0",), here=False, others=("builder-10",))
    for host in (found(node(), entries=(mine,)), found(node(), entries=(entry(), mine))):
        verdict = next(each for each in decided(host, JOBS) if each.name != "mine")
        assert (verdict.outcome, verdict.why) == (STAYS, "builder mine in the store of jane connects to it")


def test_an_entry_of_several_nodes_goes_as_a_whole() -> None:
    two = entry(nodes=("builder-10", "builder-11"))
    (verdict,) = decided(found(node(), node("builder-11"), entries=(two,)), JOBS)
    assert [each.name for each in verdict.nodes] == ["builder-10", "builder-11"]
    (verdict,) = decided(found(node(), node("builder-11", used=YOUNG), entries=(two,)), JOBS)
    assert verdict.outcome is STAYS
