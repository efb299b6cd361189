# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names are taken for misspelled ones, and that none of ours is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.variable_names import NAMES, misspelled

ROOT = Path(__file__).parents[5]


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        pytest.param("builder_platfroms", "builder_platforms", id="two letters in the wrong order"),
        pytest.param("builder_registry", "builder_registries", id="singular"),
        pytest.param("builder_user", "builder_users", id="a letter less"),
        pytest.param("builder_daemon_opts", "builder_daemon_options", id="shortened"),
        pytest.param("builder_pull_repo", "builder_pull_repository", id="of one role only"),
        pytest.param("builder_buildkitd_options", "builder_buildkit_options", id="the name of the file"),
    ],
)
def test_what_is_meant(variable: str, meant: str) -> None:
    assert misspelled([variable, meant]) == [f"{variable}: is not a known variable. Did you mean {meant}?"]


@pytest.mark.parametrize(
    "variable",
    [
        pytest.param("builder_region", id="a name of the user's own"),
        pytest.param("builder_owner_team", id="another one"),
        pytest.param("my_builder_platfroms", id="without the prefix"),
        pytest.param("__builder_plan", id="what a role keeps for itself"),
    ],
)
def test_what_is_left_alone(variable: str) -> None:
    assert misspelled([variable]) == []


def test_each_variable_of_roles_and_playbooks_is_known() -> None:
    files = [*ROOT.glob("roles/*/*/*.yml"), *ROOT.glob("playbooks/*.yml")]
    names = {name for file in files for name in re.findall(r"\bbuilder_[a-z_]+", file.read_text())}
    assert misspelled(names) == []
    assert {f"builder_{name}" for name in NAMES} <= names
