# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each kind of drift leads to, as one table: in the store of each user, in each node's container, in its state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.container import Container
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import (
    Builder,
    DropNode,
    MakeBuilder,
    ReplaceCertificates,
    ReviveBuilder,
    StartBuilder,
    Stray,
    UseBuilder,
    actions_for,
    ends_builds,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.store import StoredBuilder, StoredNode
from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import STARTED_WITHOUT
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Effect, Effects
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import (
    CONTAINER,
    NODE,
    STORED,
    WANTED,
    with_file,
)

USERS = ("root", "ci")
HERE, ARM = Node("here"), Node("arm", "ssh://ci@198.51.100.24", ("linux/arm64",))
TWO = replace(WANTED, default=False, nodes=(HERE, ARM))
ONE = replace(TWO, nodes=(HERE,))
AWAY = replace(TWO, nodes=(ARM, Node("s390x", "ssh://ci@198.51.100.25")))
IN_HERE = replace(NODE, name="here")
IN_ARM = replace(NODE, name="arm", endpoint=ARM.endpoint, platforms=("linux/arm64",))
IN_OLD = replace(NODE, name="old", endpoint="ssh://ci@198.51.100.40")
IN_S390X = replace(NODE, name="s390x", endpoint="ssh://ci@198.51.100.25")
OLD_IMAGE = replace(CONTAINER, image="moby/buildkit:old")
OLD_CA = replace(CONTAINER, files=with_file("certs/harbor.lab.test/ca.crt", b"old CA\n"))
OLD_TOML = replace(CONTAINER, files=with_file("buildkitd.toml", b"debug = true\n"))
STOPPED = replace(CONTAINER, running=False)
PAUSED = replace(STOPPED, paused=True)
UNPLUGGED = replace(CONTAINER, unplugged="bridge")
RESTART: Effects = frozenset({Effect.DAEMON_RESTARTS})
SWITCH: Effects = frozenset({Effect.DAEMON_RESTARTS, Effect.CONTAINERS_VANISH})


def entry(*nodes: StoredNode) -> StoredBuilder:
    return replace(STORED, nodes=nodes)


ASKED = entry(IN_HERE, IN_ARM)


@dataclass(frozen=True)
class Seen:
    """What is there, by default all of it as asked."""

    root: StoredBuilder | str | None = ASKED
    ci: StoredBuilder | str | None = ASKED
    here: Container | None = CONTAINER
    arm: Container | None = CONTAINER
    strays: tuple[Stray, ...] = ()
    effects: Effects = NO_EFFECTS
    current: dict[str, str | None] = field(default_factory=dict)

    def builder(self, wanted: Instance) -> Builder:
        places = {"here": self.here, "arm": self.arm, "s390x": CONTAINER}
        containers = {node.name: places[node.name] for node in wanted.nodes}
        entries = {"root": self.root, "ci": self.ci}
        return Builder(containers, entries, self.current, None, self.strays)


OLD = Stray("old", IN_OLD.endpoint, "root")
GONE = replace(OLD, gone="dockerd does not answer: Connection refused")
WITH_OLD = entry(IN_HERE, IN_ARM, IN_OLD)
OTHER_OPTION = entry(replace(IN_HERE, driver_opts={**NODE.driver_opts, "memory": "1g"}), IN_ARM)
OTHER_CA = entry(IN_HERE, replace(IN_ARM, files=OLD_CA.files))
KEPT, STAYS = "its cache is kept", "its containers keep running"
FOR = "builder multiarch for"
CERTIFICATES = "replace certificates of builder multiarch in place (builds are unaffected)"
CA = "certs/harbor.lab.test/ca.crt"
TO = f"moby/buildkit:old → {WANTED.image}"


def dropped(wanted: Instance = TWO) -> tuple[object, str]:
    summary = f"take node old at {IN_OLD.endpoint} off builder multiarch: its container is removed, its cache is kept"
    return DropNode(wanted, OLD), summary


def make(summary: str, users: tuple[str, ...], *renewed: str, wanted: Instance = TWO) -> tuple[object, str]:
    return MakeBuilder(wanted, users, renewed), summary


def put(words: str, users: tuple[str, ...], *nodes: str) -> tuple[object, str]:
    return ReplaceCertificates(TWO, users, nodes), f"{CERTIFICATES}: {words}"


def start(why: str, wanted: Instance = TWO) -> tuple[object, str]:
    return StartBuilder(wanted, "root"), f"start builder multiarch: {why}"


def revive(why: str, *nodes: str, wanted: Instance = TWO) -> tuple[object, str]:
    return ReviveBuilder(wanted, nodes), f"revive builder multiarch, nothing in it ends: {why}"


@pytest.mark.parametrize(
    ("wanted", "seen", "done"),
    [
        pytest.param(TWO, Seen(), [], id="as asked: nothing"),
        # in the store
        pytest.param(
            TWO,
            Seen(root=None, ci=None, here=None, arm=None),
            [make(f"create {FOR} root, ci: not in the store", USERS)],
            id="nothing there: created, a reason of several users told once",
        ),
        pytest.param(
            TWO,
            Seen(root=None, ci=None),
            [make(f"create {FOR} root, ci: not in the store", USERS)],
            id="containers without an entry: adopted",
        ),
        pytest.param(
            TWO,
            Seen(ci=None),
            [make(f"create {FOR} ci: not in the store", ("ci",))],
            id="one more user: the others stay",
        ),
        pytest.param(
            TWO,
            Seen(ci="ValueError: x"),
            [make(f"create {FOR} ci: its entry in the store is broken (ValueError: x)", ("ci",))],
            id="a broken entry: made anew",
        ),
        pytest.param(
            TWO,
            Seen(root=OTHER_OPTION),
            [make(f"update {FOR} root: node here: memory 1g → absent, {STAYS}", ("root",))],
            id="one user's entry, edited: made anew, the containers run on",
        ),
        pytest.param(
            TWO,
            Seen(root=None, ci=OTHER_OPTION),
            [make(f"update {FOR} root, ci: not in the store; node here: memory 1g → absent, {STAYS}", USERS)],
            id="a different reason for each user",
        ),
        pytest.param(
            TWO,
            Seen(ci=replace(ASKED, driver="remote")),
            [make(f"update {FOR} ci: driver remote → docker-container, {STAYS}", ("ci",))],
            id="another driver",
        ),
        pytest.param(
            TWO,
            Seen(ci=OTHER_CA),
            [put(f"{CA} in the store differs", ("ci",))],
            id="a CA in one user's entry: replaced where it is",
        ),
        # in a container
        pytest.param(
            TWO,
            Seen(arm=OLD_IMAGE),
            [make(f"recreate {FOR} root, ci: node arm: the container's image {TO}, {KEPT}", USERS, "arm")],
            id="the image of one node: that one is made anew, for all users",
        ),
        pytest.param(
            TWO,
            Seen(here=OLD_IMAGE, arm=OLD_IMAGE),
            [
                make(
                    f"recreate {FOR} root, ci: node here: the container's image {TO}; node arm: the container's image "
                    f"{TO}, {KEPT}",
                    USERS,
                    *("here", "arm"),
                )
            ],
            id="the image of all nodes",
        ),
        pytest.param(
            ONE,
            Seen(here=OLD_IMAGE, root=entry(IN_HERE), ci=entry(IN_HERE)),
            [make(f"recreate {FOR} root, ci: the container's image {TO}, {KEPT}", USERS, "here", wanted=ONE)],
            id="the image of the only node, which needs no name",
        ),
        pytest.param(
            TWO,
            Seen(arm=replace(CONTAINER, options={**CONTAINER.options, "network": "host"})),
            [make(f"recreate {FOR} root, ci: node arm: the container's network host → bridge, {KEPT}", USERS, "arm")],
            id="the network of one node, changed by hand",
        ),
        pytest.param(
            TWO,
            Seen(here=OLD_TOML, arm=replace(OLD_IMAGE, running=False)),
            [
                make(
                    f"recreate {FOR} root, ci: node here: buildkitd.toml in the container differs; node arm: the "
                    f"container's image {TO}, {KEPT}",
                    USERS,
                    *("here", "arm"),
                )
            ],
            id="a different reason for each node; a stopped one starts with it",
        ),
        pytest.param(
            TWO,
            Seen(arm=OLD_IMAGE, root=OTHER_OPTION),
            [
                make(
                    f"recreate {FOR} root, ci: node arm: the container's image {TO}; node here: memory 1g → absent, "
                    f"{KEPT}",
                    USERS,
                    "arm",
                )
            ],
            id="a container and an entry",
        ),
        pytest.param(
            TWO,
            Seen(arm=OLD_CA),
            [put(f"{CA} in the container differs", (), "arm")],
            id="a CA in one container: replaced where it is",
        ),
        pytest.param(
            TWO,
            Seen(here=OLD_CA, arm=OLD_CA, root=OTHER_CA),
            [put(f"{CA} in the container differs; {CA} in the store differs", ("root",), "here", "arm")],
            id="a CA was rotated: in all places, each reason told once",
        ),
        pytest.param(
            TWO,
            Seen(here=OLD_CA, arm=replace(OLD_IMAGE, files=OLD_CA.files)),
            [
                make(f"recreate {FOR} root, ci: node arm: the container's image {TO}, {KEPT}", USERS, "arm"),
                put(f"{CA} in the container differs", (), "here"),
            ],
            id="a CA comes with the container that is made anew, and is replaced in the other",
        ),
        pytest.param(
            TWO,
            Seen(root=None, ci=None, here=replace(CONTAINER, files={}), arm=replace(CONTAINER, flags=("--debug",))),
            [
                make(
                    f"recreate {FOR} root, ci: node here: buildkitd.toml in the container differs; node arm: the "
                    f"container's flags --debug → none; not in the store, {KEPT}",
                    USERS,
                    *("here", "arm"),
                )
            ],
            id="a builder of the same name that another user made: its cache is kept, too",
        ),
        # in its state
        pytest.param(TWO, Seen(arm=None), [start("its container does not run (arm)")], id="one is gone"),
        pytest.param(TWO, Seen(here=STOPPED), [start("its container does not run (here)")], id="one is stopped"),
        pytest.param(
            TWO, Seen(here=None, arm=STOPPED), [start("its container does not run (here, arm)")], id="neither runs"
        ),
        pytest.param(
            TWO,
            Seen(here=replace(STOPPED, lost=True)),
            [start("docker shows its container as running and has lost it (here): it is recreated, its cache is kept")],
            id="one is lost to a dockerd that started with a full disk: campaign, disk full under /var/lib/docker",
        ),
        pytest.param(
            TWO,
            Seen(here=replace(STOPPED, lost=True), arm=None),
            [
                start(
                    "docker shows its container as running and has lost it (here): it is recreated, its cache is kept; "
                    "its container does not run (arm)"
                )
            ],
            id="one is gone, another lost",
        ),
        pytest.param(TWO, Seen(here=PAUSED), [revive("its container is paused (here)", "here")], id="one is paused"),
        pytest.param(
            ONE,
            Seen(here=PAUSED, root=entry(IN_HERE), ci=entry(IN_HERE)),
            [revive("its container is paused", "here", wanted=ONE)],
            id="the only one is paused",
        ),
        pytest.param(
            TWO,
            Seen(here=PAUSED, arm=UNPLUGGED),
            [
                revive(
                    "its container is paused (here); its container is not in its network, bridge (arm)", "here", "arm"
                )
            ],
            id="one is paused, another in no network",
        ),
        pytest.param(
            TWO,
            Seen(arm=replace(UNPLUGGED, running=False)),
            [
                revive("its container is not in its network, bridge (arm)", "arm"),
                start("its container does not run (arm)"),
            ],
            id="one is in no network, and stopped",
        ),
        pytest.param(
            TWO,
            Seen(here=replace(STOPPED, stuck="is dead", unplugged="bridge")),
            [start("its container is dead (here): it is recreated, its cache is kept")],
            id="one cannot be started: it is made anew with its network",
        ),
        pytest.param(
            TWO,
            Seen(here=replace(OLD_IMAGE, running=False, paused=True, unplugged="bridge")),
            [
                revive("its container is paused (here)", "here"),
                make(f"recreate {FOR} root, ci: node here: the container's image {TO}, {KEPT}", USERS, "here"),
            ],
            id="one is paused and old: its build goes on, so that it can end",
        ),
        pytest.param(
            TWO,
            Seen(here=replace(CONTAINER, ailing="is unhealthy")),
            [make(f"recreate {FOR} root, ci: node here: the container is unhealthy, {KEPT}", USERS, "here")],
            id="one is unhealthy",
        ),
        pytest.param(
            TWO,
            Seen(here=replace(CONTAINER, severed=True)),
            [make(f"recreate {FOR} root, ci: node here: the container {STARTED_WITHOUT}, {KEPT}", USERS, "here")],
            id="one was started without a network",
        ),
        pytest.param(
            TWO,
            Seen(here=PAUSED, effects=SWITCH),
            [start("its container does not run (here)")],
            id="one is paused, and vanishes with another image store",
        ),
        pytest.param(
            ONE,
            Seen(here=None, root=entry(IN_HERE), ci=entry(IN_HERE)),
            [start("its container does not run", ONE)],
            id="the only one is gone",
        ),
        pytest.param(
            TWO,
            Seen(arm=None, ci=None),
            [make(f"create {FOR} ci: not in the store", ("ci",))],
            id="one is gone, and made with the entry",
        ),
        pytest.param(
            TWO,
            Seen(arm=replace(STOPPED, files=OLD_CA.files)),
            [put(f"{CA} in the container differs", (), "arm"), start("its container does not run (arm)")],
            id="one is stopped, and starts with the new CA",
        ),
        # nodes come and go
        pytest.param(
            TWO,
            Seen(root=entry(IN_HERE), ci=entry(IN_HERE), arm=None),
            [make(f"update {FOR} root, ci: node arm is not in the store, {STAYS}", USERS)],
            id="a node comes",
        ),
        pytest.param(
            TWO,
            Seen(root=WITH_OLD, ci=WITH_OLD, strays=(OLD,)),
            [dropped(), make(f"update {FOR} root, ci: node old is not asked for, {STAYS}", USERS)],
            id="a node goes",
        ),
        pytest.param(
            TWO,
            Seen(root=WITH_OLD, strays=(OLD,)),
            [dropped(), make(f"update {FOR} root: node old is not asked for, {STAYS}", ("root",))],
            id="a node that one user alone has goes",
        ),
        pytest.param(
            TWO,
            Seen(root=WITH_OLD, ci=WITH_OLD, strays=(GONE,)),
            [make(f"update {FOR} root, ci: node old is not asked for, {STAYS}", USERS)],
            id="a node that is lost leaves the entries, its container cannot be reached",
        ),
        pytest.param(
            TWO,
            Seen(root=entry(IN_HERE, IN_OLD), ci=entry(IN_HERE, IN_OLD), strays=(OLD,), here=OLD_IMAGE, arm=None),
            [
                dropped(),
                make(
                    f"recreate {FOR} root, ci: node here: the container's image {TO}; node arm is not in the store; "
                    f"node old is not asked for, {KEPT}",
                    USERS,
                    "here",
                ),
            ],
            id="one comes, one goes, one is made anew",
        ),
        # after what earlier concerns do
        pytest.param(
            TWO,
            Seen(effects=RESTART),
            [start("restore it after the restart of docker")],
            id="docker restarts here",
        ),
        pytest.param(
            AWAY,
            Seen(effects=SWITCH, root=entry(IN_ARM, IN_S390X), ci=entry(IN_ARM, IN_S390X)),
            [],
            id="what docker here does ends no node elsewhere",
        ),
        pytest.param(
            TWO,
            Seen(effects=SWITCH, here=OLD_IMAGE),
            [start("its container does not run (here)")],
            id="another image store here: the container vanishes, and need not be compared",
        ),
        pytest.param(
            TWO,
            Seen(effects=SWITCH, arm=OLD_IMAGE),
            [make(f"recreate {FOR} root, ci: node arm: the container's image {TO}, {KEPT}", USERS, "arm")],
            id="another image store here: a node elsewhere is compared all the same",
        ),
        # whose builder it is
        pytest.param(
            TWO,
            Seen(current={"root": "multiarch", "ci": None}),
            [(UseBuilder(TWO, "ci"), "select multiarch as the builder of ci, in place of default")],
            id="it is not the builder of one user",
        ),
        pytest.param(
            TWO,
            Seen(ci=None, current={"root": "other", "ci": None}),
            [
                make(f"create {FOR} ci: not in the store", ("ci",)),
                (UseBuilder(TWO, "root"), "select multiarch as the builder of root, in place of other"),
                (UseBuilder(TWO, "ci"), "select multiarch as the builder of ci, in place of default"),
            ],
            id="it is made first",
        ),
    ],
)
def test_decisions(wanted: Instance, seen: Seen, done: list[tuple[object, str]]) -> None:
    found = actions_for(wanted, USERS, seen.builder(wanted), seen.effects)
    assert [(action.step, action.summary) for action in found] == done


REMOTE = replace(
    TWO, driver="remote", config="", certificates={}, nodes=(Node("far", "tcp://192.0.2.1:1234", ca="CA\n"),)
)
FAR = StoredBuilder("multiarch", "remote", (StoredNode("far", "tcp://192.0.2.1:1234", {"cacert": "/x"}, (), {}),))
KUBERNETES = replace(TWO, driver="kubernetes", nodes=(Node("pod"),))
PODS = StoredBuilder("multiarch", "kubernetes", (replace(NODE, name="pod", endpoint="kubernetes:///x"),))


@pytest.mark.parametrize(
    ("wanted", "found", "done"),
    [
        pytest.param(REMOTE, FAR, [], id="remote: as asked"),
        pytest.param(REMOTE, None, [f"create {FOR} root: not in the store"], id="remote: nothing there"),
        pytest.param(
            replace(REMOTE, nodes=(replace(REMOTE.nodes[0], endpoint="tcp://192.0.2.2:1234"),)),
            FAR,
            [f"update {FOR} root: endpoint tcp://192.0.2.1:1234 → tcp://192.0.2.2:1234, {STAYS}"],
            id="remote: elsewhere",
        ),
        pytest.param(KUBERNETES, PODS, [], id="kubernetes: as asked"),
        pytest.param(
            replace(KUBERNETES, image="x:2"),
            PODS,
            [f"update {FOR} root: image {WANTED.image} → x:2, {STAYS}"],
            id="kubernetes: another image",
        ),
        pytest.param(REMOTE, STORED, [f"update {FOR} root: driver docker-container → remote, {STAYS}"], id="another"),
    ],
)
@pytest.mark.parametrize("effects", [NO_EFFECTS, RESTART, SWITCH], ids=["alone", "restart", "switch"])
def test_decisions_where_no_container_is_seen(
    wanted: Instance, found: StoredBuilder | str | None, done: list[str], effects: Effects
) -> None:
    builder = Builder({}, {"root": found}, {}, None)
    actions = actions_for(wanted, ("root",), builder, effects)
    assert [action.summary for action in actions] == done
    assert not any(ends_builds(action, builder) for action in actions)


@pytest.mark.parametrize(
    ("seen", "ends"),
    [
        pytest.param(Seen(ci=None), [False], id="one more user"),
        pytest.param(Seen(root=OTHER_OPTION), [False], id="an entry alone"),
        pytest.param(Seen(arm=OLD_IMAGE), [True], id="a running one is made anew"),
        pytest.param(Seen(arm=replace(OLD_IMAGE, running=False)), [False], id="a stopped one is made anew"),
        pytest.param(
            Seen(arm=replace(OLD_IMAGE, running=False, paused=True)), [False, True], id="a paused one is made anew"
        ),
        pytest.param(
            Seen(here=OLD_IMAGE, arm=replace(OLD_IMAGE, running=False)), [True], id="a running and a stopped one"
        ),
        pytest.param(Seen(root=WITH_OLD, ci=WITH_OLD, strays=(OLD,)), [True, False], id="a node goes"),
        pytest.param(Seen(root=WITH_OLD, ci=WITH_OLD, strays=(GONE,)), [False], id="a lost node goes"),
        pytest.param(Seen(arm=OLD_CA), [False], id="certificates"),
        pytest.param(Seen(arm=None), [False], id="a start"),
        pytest.param(Seen(current={"ci": None}), [False], id="the choice of a builder"),
    ],
)
def test_which_decisions_end_builds(seen: Seen, ends: list[bool]) -> None:
    builder = seen.builder(TWO)
    assert [ends_builds(action, builder) for action in actions_for(TWO, USERS, builder, seen.effects)] == ends


@pytest.mark.parametrize(
    ("seen", "before"),
    [
        pytest.param(Seen(here=OLD_TOML), "debug = true\n", id="the first that is there"),
        pytest.param(Seen(here=None, arm=OLD_TOML), "debug = true\n", id="a node elsewhere"),
        pytest.param(Seen(root=None, ci=None, here=None, arm=None), "", id="none is there"),
    ],
)
def test_the_difference_is_that_of_the_file_in_a_container(seen: Seen, before: str) -> None:
    (action,) = actions_for(TWO, USERS, seen.builder(TWO), seen.effects)
    assert action.difference is not None
    assert (action.difference.name, action.difference.before) == ("multiarch/buildkitd.toml", before)
    assert action.difference.after == WANTED.config
