# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one concern causes, the concerns after it plan with: the real resources, in the real order, from made states.

This is what module plan does with them, less looking at a host.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.client_settings import Settings
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import (
    Builder,
    BuildxState,
    MakeBuilder,
    ReplaceCertificates,
    StartBuilder,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.docker_group import Membership
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.resource import Buildx
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.silence import Silence
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.configuration import WriteConfiguration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import DaemonState, FilesState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.ours import Keys
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.plan import RestartDaemon
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.resource import Daemon
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.tokens import Tokens
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import Offer
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import (
    EngineState,
    InstallPackages,
    StartDocker,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.resource import Engine
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.upgrade_plan import (
    Upgrade,
    UpgradeEngine,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.plan import RefreshStore, TrustState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.resource import Trust
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import DEBIAN
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption, Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Arrival,
    Effect,
    Effects,
    Plan,
    Resource,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import (
    CONTAINER,
    STORED,
    WANTED,
    with_file,
)

pytestmark = pytest.mark.usefixtures("homes")

SNAPSHOTTER = {"features": {"containerd-snapshotter": True}}
CONTAINERD = {"Driver": "overlayfs", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
OVERLAY2 = {"Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]]}

RUNNING = EngineState("26.1.5", "0.13.1", True)
STOPPED = EngineState(None, "0.13.1", True)
TRUSTED = TrustState(DEBIAN)
NEW_CA = TrustState(DEBIAN, (WriteFile(f"{DEBIAN.anchors}/of-these-tests.crt", ""),))
CURRENT = DaemonState("{}", SNAPSHOTTER, Keys({}), {**CONTAINERD, "ServerVersion": "28.5.2"}, NO_EFFECTS)
# With somebody else's hosts.toml, dockerd has CAs from the system's store alone.
THEIRS = replace(
    CURRENT,
    files=FilesState(theirs=("/etc/docker/certs.d/a.example/hosts.toml",)),
    tokens=Tokens(frozenset({"PEM"})),
)
OTHER_STORE = DaemonState("{}", SNAPSHOTTER, Keys({}), OVERLAY2, NO_EFFECTS)
TABLE = (Registry("a.example", ca="PEM", hosts_toml="made of mirrors"),)
DOWN = DaemonState("{}", SNAPSHOTTER, Keys({}), None, NO_EFFECTS)
SETTINGS = (Settings("root", {}, {}),)
NODE = WANTED.nodes[0].name
BUILT = BuildxState(
    {WANTED.name: Builder({NODE: CONTAINER}, {"root": STORED}, {"root": WANTED.name}, None)}, settings=SETTINGS
)
OLD_CONTAINER = replace(CONTAINER, files=with_file("certs/harbor.lab.test/ca.crt", b"old CA\n"))
OLD_FILES = BuildxState(
    {WANTED.name: Builder({NODE: OLD_CONTAINER}, {"root": STORED}, {"root": WANTED.name}, None)}, settings=SETTINGS
)
NO_BUILDER = BuildxState(
    {WANTED.name: Builder({NODE: None}, {"root": None}, {"root": WANTED.name}, None)}, settings=SETTINGS
)
COMES = {"docker.io": "26.1.5", "docker-cli": "26.1.5", "docker-buildx": "0.13.1", "ca-certificates": "20250419"}
BARE = EngineState(None, None, installed=False, client=False, offer=Offer(tuple(COMES), COMES))
UPGRADED = replace(
    RUNNING,
    upgrade=Upgrade(Offer(("docker.io",), upgraded={"docker.io": ("26.1.5", "29.7.2")}, version="29")),
)
UNWRITTEN = DaemonState(None, {}, Keys({}), None, NO_EFFECTS)
ELSEWHERE = BuildxState(
    {WANTED.name: replace(NO_BUILDER.builders[WANTED.name], silent=(Silence("b", "ssh://b", "root", "it is silent"),))},
    settings=SETTINGS,
)


@pytest.mark.usefixtures("daemon_json")
@pytest.mark.parametrize(
    ("states", "mode", "steps", "notes"),
    [
        pytest.param((RUNNING, TRUSTED, CURRENT, BUILT), "wait", [], 0, id="nothing differs"),
        pytest.param(
            (RUNNING, NEW_CA, CURRENT, BUILT),
            "wait",
            [WriteFile, RefreshStore],
            0,
            id="a CA in the system's store disturbs nothing",
        ),
        pytest.param(
            (RUNNING, NEW_CA, THEIRS, BUILT),
            "wait",
            [WriteFile, RefreshStore, RestartDaemon, StartBuilder],
            1,
            id="the same where dockerd needs it: docker restarts, the builder is seen to",
        ),
        pytest.param(
            (RUNNING, NEW_CA, THEIRS, BUILT),
            "never",
            [WriteFile, RefreshStore],
            2,
            id="the same where nothing may be disrupted: told, and no builder is touched",
        ),
        pytest.param(
            (RUNNING, NEW_CA, THEIRS, NO_BUILDER),
            "wait",
            [WriteFile, RefreshStore, RestartDaemon, MakeBuilder],
            1,
            id="a new builder is made after the restart, once",
        ),
        pytest.param(
            (RUNNING, TRUSTED, OTHER_STORE, BUILT),
            "wait",
            [RestartDaemon, StartBuilder],
            0,
            id="another image store: the builder vanishes, and is started again from its entry",
        ),
        pytest.param(
            (STOPPED, TRUSTED, DOWN, BUILT), "wait", [StartDocker, StartBuilder], 0, id="a stopped docker starts, once"
        ),
        pytest.param(
            (STOPPED, TRUSTED, replace(DOWN, way_back=True), BUILT),
            "wait",
            [StartDocker, RestartDaemon, StartBuilder],
            0,
            id="the same after a run that was killed: if engine takes the way back, daemon.json is written anew",
        ),
        pytest.param(
            (RUNNING, NEW_CA, CURRENT, OLD_FILES),
            "never",
            [WriteFile, RefreshStore, ReplaceCertificates],
            0,
            id="a CA was rotated: replaced everywhere, and nothing is disrupted",
        ),
        pytest.param(
            (STOPPED, NEW_CA, DOWN, BUILT),
            "never",
            [StartDocker, WriteFile, RefreshStore, StartBuilder],
            0,
            id="a start is no disruption",
        ),
        pytest.param(
            (UPGRADED, TRUSTED, CURRENT, BUILT),
            "wait",
            [UpgradeEngine, WriteFile, StartBuilder],
            0,
            id="docker is upgraded: hosts.toml comes for it, the builder is seen to, docker does not restart twice",
        ),
        pytest.param(
            (BARE, NEW_CA, UNWRITTEN, NO_BUILDER),
            "wait",
            [InstallPackages, WriteFile, RefreshStore, WriteConfiguration, RestartDaemon, MakeBuilder],
            1,
            id="a host without docker: all that follows, and a note that dockerd cannot validate yet",
        ),
        pytest.param(
            (BARE, replace(NEW_CA, has_store=False), UNWRITTEN, NO_BUILDER),
            "wait",
            [InstallPackages, WriteFile, RefreshStore, WriteConfiguration, RestartDaemon, MakeBuilder],
            1,
            id="the same where the operating system's store is yet to come",
        ),
        pytest.param(
            (BARE, TRUSTED, UNWRITTEN, ELSEWHERE),
            "wait",
            [InstallPackages, WriteConfiguration, RestartDaemon, MakeBuilder],
            2,
            id="the same with a node elsewhere: without a client it cannot be asked, which is a note",
        ),
    ],
)
def test_one_run_plans_all_that_follows(
    states: tuple[t.Any, ...],
    mode: str,
    steps: list[type],
    notes: int,
    no_docker: Docker,
) -> None:
    disruption = Disruption(mode, 900)
    resources: list[Resource[t.Any]] = [
        Engine(builders=True, docker=no_docker),
        Trust((), ("root",)),
        Daemon(TABLE, Proxy(), (), {}, disruption, False, no_docker),
        Buildx((WANTED,), ("root",), {}, disruption, no_docker),
    ]
    effects: Effects = NO_EFFECTS
    plans: list[Plan] = []
    for resource, state in zip(resources, states):
        seen = resource.foresee(state) if isinstance(resource, Daemon) else state
        plans.append(resource.plan(seen, effects))
        effects |= plans[-1].effects
    assert [type(action.step) for plan in plans for action in plan.actions] == steps
    assert sum(len(plan.notes) for plan in plans) == notes


@pytest.mark.parametrize(("coming", "refused"), [("29.7.2-1~debian.13~trixie", False), ("28.5.2+dfsg4-5", True)])
def test_the_dockerd_that_comes_decides_which_keys_there_are(coming: str, refused: bool, no_docker: Docker) -> None:
    resource = Daemon((), Proxy(), (), {"min-api-version": "1.24"}, Disruption("wait", 900), False, no_docker)
    state = resource.foresee(CURRENT)
    effects: Effects = frozenset({Arrival(coming), Effect.DAEMON_RESTARTS})
    if refused:
        with pytest.raises(HostError, match="min-api-version"):
            resource.plan(state, effects)
        return
    assert "min-api-version" in str([each.summary for each in resource.plan(state, effects).actions])


def test_a_missing_trust_store_that_does_not_come_is_told() -> None:
    with pytest.raises(HostError, match=r"^update-ca-certificates is not on this host: install ca-certificates$"):
        Trust((), ("root",)).plan(replace(NEW_CA, has_store=False), frozenset({Arrival("26.1.5")}))


@pytest.mark.parametrize("joins", [True, False])
def test_a_user_who_could_not_use_docker_is_told_before_docker_is_installed(joins: bool, no_docker: Docker) -> None:
    resource = Buildx((WANTED,), ("root",), {}, Disruption("wait", 900), no_docker, docker_group=joins)
    state = replace(NO_BUILDER, membership=Membership(outside=("root",)))
    effects: Effects = frozenset({Arrival("26.1.5", "0.13.1")})
    if joins:
        assert "add root to the group docker" in resource.plan(state, effects).actions[0].summary
        return
    with pytest.raises(HostError, match="root may not use Docker once it is installed: add the user to the group"):
        resource.plan(state, effects)
