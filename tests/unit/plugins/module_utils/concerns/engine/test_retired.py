# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the engine goes when a host retires."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import (
    ForgetPlugin,
    LeavePlugin,
    PluginState,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.plan import ForgetFile
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.repository import (
    KEYRING,
    SOURCES,
    RepositoryState,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.retired import (
    DisableDocker,
    RetiredEngine,
    RetiredState,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

NO_PLUGIN = PluginState()
STAY = "packages that came with us are kept: `apt-get remove docker-cli docker.io` removes them"


@pytest.mark.parametrize(
    ("state", "steps", "notes"),
    [
        pytest.param(RetiredState(NO_PLUGIN), [], [], id="nothing of ours"),
        pytest.param(RetiredState(PluginState("a", "a", "0.13.1")), [LeavePlugin()], [], id="our plugin"),
        pytest.param(RetiredState(PluginState("b", "a")), [ForgetPlugin()], [], id="somebody else's in its place"),
        pytest.param(
            RetiredState(NO_PLUGIN, units=("docker.service",)), [DisableDocker()], [], id="a unit that we enabled"
        ),
        pytest.param(
            RetiredState(NO_PLUGIN, packages=("docker-cli", "docker.io")), [], [STAY], id="packages are told, and stay"
        ),
        pytest.param(
            RetiredState(NO_PLUGIN, repository=RepositoryState(remove=(RemoveFile(KEYRING),), forget=(SOURCES,))),
            [RemoveFile(KEYRING), ForgetFile(SOURCES)],
            [],
            id="the repository's key, and a source that somebody changed",
        ),
    ],
)
def test_what_goes(state: RetiredState, steps: list[object], notes: list[str]) -> None:
    plan = RetiredEngine().plan(state, NO_EFFECTS)
    assert [action.step for action in plan.actions] == steps
    assert [note.text for note in plan.notes] == notes


def test_a_host_without_a_record_has_nothing_to_retire() -> None:
    assert RetiredEngine().observe() == RetiredState(NO_PLUGIN)


def test_packages_that_are_not_here_any_more_are_not_told(programs: Callable[[str, str], Path]) -> None:
    programs("dpkg-query", "printf 'docker.io 26.1.5 installed\\ndocker-cli 26.1.5 config-files\\n'; exit 1")
    record.save("engine", {"packages": {"docker.io": "26.1.5", "docker-cli": "26.1.5", "runc": "1.1"}})
    assert RetiredEngine().observe() == RetiredState(NO_PLUGIN, packages=("docker.io",))
