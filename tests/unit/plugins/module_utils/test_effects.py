# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one concern causes, the concerns after it plan with: the real resources, in the real order, from made states.

This is what module plan does with them, less looking at a host.
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.resource import (
    Builder,
    Buildx,
    MakeBuilder,
    StartBuilder,
)
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.decide import DaemonState
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.resource import Daemon, RestartDaemon
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.engine.decide import EngineState, Needs
from ansible_collections.multiarch.builders.plugins.module_utils.engine.resource import Engine, StartDocker
from ansible_collections.multiarch.builders.plugins.module_utils.files import WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.resource import NO_EFFECTS, Effects, Plan, Resource
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Disruption
from ansible_collections.multiarch.builders.plugins.module_utils.trust import resource as trust_resource
from ansible_collections.multiarch.builders.plugins.module_utils.trust.decide import DEBIAN
from ansible_collections.multiarch.builders.plugins.module_utils.trust.resource import RefreshStore, Trust, TrustState
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.buildx.recorded import (
    CONTAINER,
    STORED,
    WANTED,
)

SNAPSHOTTER = {"features": {"containerd-snapshotter": True}}
CONTAINERD = {"Driver": "overlayfs", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
OVERLAY2 = {"Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]]}

RUNNING = EngineState("26.1.5", "0.13.1", True)
STOPPED = EngineState(None, "0.13.1", True)
TRUSTED = TrustState((), (), (), ())
NEW_CA = TrustState((WriteFile(f"{DEBIAN.anchors}/of-these-tests.crt", ""),), (), (), ())
CURRENT = DaemonState("{}", SNAPSHOTTER, (), CONTAINERD, NO_EFFECTS)
OTHER_STORE = DaemonState("{}", SNAPSHOTTER, (), OVERLAY2, NO_EFFECTS)
DOWN = DaemonState("{}", SNAPSHOTTER, (), None, NO_EFFECTS)
BUILT = {WANTED.name: Builder(CONTAINER, {"root": STORED}, {"root": WANTED.name}, None)}
NO_BUILDER = {WANTED.name: Builder(None, {"root": None}, {"root": WANTED.name}, None)}


@pytest.mark.parametrize(
    ("states", "mode", "steps", "notes"),
    [
        pytest.param((RUNNING, TRUSTED, CURRENT, BUILT), "wait", [], 0, id="nothing differs"),
        pytest.param(
            (RUNNING, NEW_CA, CURRENT, BUILT),
            "wait",
            [WriteFile, RefreshStore, RestartDaemon, StartBuilder],
            0,
            id="a CA in the system's store: docker restarts, the builder is seen to",
        ),
        pytest.param(
            (RUNNING, NEW_CA, CURRENT, BUILT),
            "never",
            [WriteFile, RefreshStore],
            1,
            id="the same where nothing may be disrupted: told, and no builder is touched",
        ),
        pytest.param(
            (RUNNING, NEW_CA, CURRENT, NO_BUILDER),
            "wait",
            [WriteFile, RefreshStore, RestartDaemon, MakeBuilder],
            0,
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
            (STOPPED, NEW_CA, DOWN, BUILT),
            "never",
            [StartDocker, WriteFile, RefreshStore, StartBuilder],
            1,
            id="a start is no disruption",
        ),
    ],
)
def test_one_run_plans_all_that_follows(
    states: tuple[t.Any, ...],
    mode: str,
    steps: list[type],
    notes: int,
    no_docker: Docker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trust_resource, "system_store", lambda: DEBIAN)
    disruption = Disruption(mode, 900)
    resources: list[Resource[t.Any]] = [
        Engine(Needs(image_store=True, builders=True), no_docker),
        Trust((), ("root",)),
        Daemon((), {}, disruption, False, no_docker),
        Buildx((WANTED,), ("root",), disruption, no_docker),
    ]
    effects: Effects = NO_EFFECTS
    plans: list[Plan] = []
    for resource, state in zip(resources, states, strict=True):
        plans.append(resource.plan(state, effects))
        effects |= plans[-1].effects
    assert [type(action.step) for plan in plans for action in plan.actions] == steps
    assert sum(len(plan.notes) for plan in plans) == notes
