# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of an upgrade, what forbids it, and what it causes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import Offer
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import EngineState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.package_names import DOCKERS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.plan import (
    SettleUpgrade,
    Wish,
    planned,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.upgrade_plan import (
    Upgrade,
    UpgradeEngine,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Arrival, Effect, Kind

RUNNING = EngineState("26.1.5", "0.13.1", True)
OFFER = Offer(
    ("docker-ce", "docker-ce-cli"),
    {"nftables": "1.1.3"},
    {"docker-ce": ("5:26.1.5-1", "5:28.5.2-1"), "docker-ce-cli": ("5:26.1.5-1", "5:28.5.2-1")},
    names=DOCKERS,
    version="28.5",
)
UPGRADE = Upgrade(OFFER, work="a build in buildx_buildkit_x0")
WISH = Wish(builders=True, source="docker")


def test_an_upgrade_is_told_package_by_package() -> None:
    plan = planned(replace(RUNNING, upgrade=UPGRADE), WISH)
    (action,) = plan.actions
    assert action.summary == (
        "upgrade Docker: docker-ce 5:26.1.5-1 → 5:28.5.2-1, docker-ce-cli 5:26.1.5-1 → 5:28.5.2-1; install nftables "
        "1.1.3; docker restarts, image store and builders are kept, the former packages are kept until both work "
        "(running now: a build in buildx_buildkit_x0)"
    )
    assert action.step == UpgradeEngine(OFFER)
    assert action.effects == {Effect.DAEMON_RESTARTS, Arrival("28.5.2-1")}
    assert action.difference is not None
    assert action.difference.before == "docker-ce 5:26.1.5-1\ndocker-ce-cli 5:26.1.5-1\n"
    assert plan.notes == ()


def test_never_is_a_note() -> None:
    plan = planned(replace(RUNNING, upgrade=UPGRADE), replace(WISH, disruption="never"))
    assert plan.actions == ()
    (note,) = plan.notes
    assert note.kind is Kind.WAITS
    assert note.text.startswith("Docker must be upgraded, but builder_disruption: never forbids its restart: docker-ce")


@pytest.mark.parametrize(
    ("upgrade", "may_go_down", "told"),
    [
        pytest.param(replace(UPGRADE, down=True), False, "28.5 is older than what is installed (docker-ce", id="down"),
        pytest.param(replace(UPGRADE, down=True), True, "", id="down, as was asked for"),
        pytest.param(
            replace(UPGRADE, lost=("docker-ce 5:26.1.5-1",)),
            True,
            "there is no way back from Docker 28.5.2: docker-ce 5:26.1.5-1 is neither in apt's cache nor in a",
            id="no way back",
        ),
        pytest.param(
            replace(UPGRADE, floor="1.44", low=("compose 2.20.2 (/x, up to 1.43)",)),
            False,
            "Docker 28.5.2 serves no API before 1.44, and on this host speak less: compose 2.20.2 (/x, up to 1.43). "
            "Upgrade them first, or set min-api-version in builder_daemon_options",
            id="who speaks less",
        ),
    ],
)
def test_what_forbids_it(upgrade: Upgrade, may_go_down: bool, told: str) -> None:
    state, wish = replace(RUNNING, upgrade=upgrade), replace(WISH, may_go_down=may_go_down)
    if not told:
        assert planned(state, wish).actions[0].summary.startswith("downgrade Docker: ")
        return
    with pytest.raises(HostError) as caught:
        planned(state, wish)
    assert told in str(caught.value)


def test_a_version_that_apt_does_not_have() -> None:
    offer = Offer(
        ("docker-ce", "docker-ce-cli"),
        unknown=("docker-ce", "docker-ce-cli"),
        names=DOCKERS,
        version="30",
        known=("5:29",),
    )
    with pytest.raises(HostError) as caught:
        planned(replace(RUNNING, upgrade=Upgrade(offer)), WISH)
    assert str(caught.value) == (
        "builder_engine_version = 30: apt has no such version of docker-ce, docker-ce-cli: docker-ce is there in 5:29. "
        "Specify one of these, or add a repository that has it"
    )


@pytest.mark.parametrize(
    ("unseen", "end"),
    [
        pytest.param((), "if they speak less", id="no containers"),
        pytest.param(("runner",), "have docker's socket: runner", id="one"),
        pytest.param(tuple("abcdefg"), "socket: a, b, c, d, e and 2 more", id="many"),
    ],
)
def test_what_is_not_known_is_told_where_the_floor_rises(unseen: tuple[str, ...], end: str) -> None:
    plan = planned(replace(RUNNING, upgrade=replace(UPGRADE, floor="1.44", unseen=unseen)), WISH)
    (note,) = plan.notes
    assert note.text.startswith("Docker 28.5.2 serves no API before 1.44: docker clients in the images of jobs")
    assert note.text.endswith(end)


def test_an_interrupted_upgrade_is_settled_once_docker_runs() -> None:
    (action,) = planned(replace(RUNNING, unsettled=True), WISH).actions
    assert action.step == SettleUpgrade()
    start, action = planned(replace(RUNNING, engine=None, unsettled=True), WISH).actions
    assert start.summary.startswith("start docker, which is installed but not running; if it does not start")
    assert action.step == SettleUpgrade(), "else the same run, which looks again, fails"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        pytest.param(
            replace(RUNNING, elsewhere="from the package docker.io"),
            "builder_engine: docker, but dockerd is from the package docker.io, and is neither replaced nor joined by",
            id="another engine",
        ),
        pytest.param(
            replace(RUNNING, engine=None, installed=False, others=("containerd", "runc")),
            "packages of another engine (containerd, runc), which are neither replaced nor joined by others",
            id="parts of another engine",
        ),
    ],
)
def test_beside_another_engine_nothing_is_installed(state: EngineState, told: str) -> None:
    with pytest.raises(HostError) as caught:
        planned(state, WISH)
    assert told in str(caught.value)
