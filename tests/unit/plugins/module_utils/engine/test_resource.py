# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine's plan does with the decision."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.engine.decide import EngineState, Needs
from ansible_collections.multiarch.builders.plugins.module_utils.engine.resource import Engine
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.resource import NO_EFFECTS, Effect, Plan


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(Needs(image_store=True, builders=True), Docker(str(tmp_path / "no.sock")))


def test_a_host_that_serves_needs_nothing(engine: Engine) -> None:
    assert engine.plan(EngineState("26.1.5", "0.13.1", True), NO_EFFECTS) == Plan()


def test_a_stopped_docker_is_started_and_the_concerns_after_it_know(engine: Engine) -> None:
    plan = engine.plan(EngineState(None, "0.13.1", True), NO_EFFECTS)
    assert [action.summary for action in plan.actions] == ["start docker, which is installed but not running"]
    assert plan.effects == {Effect.DAEMON_RESTARTS}


def test_a_host_that_does_not_serve_is_refused_with_every_reason(engine: Engine) -> None:
    with pytest.raises(HostError, match=r"Docker 20\.10\.24 is here.*; the buildx plugin is not installed"):
        engine.plan(EngineState("20.10.24", None, True), NO_EFFECTS)
