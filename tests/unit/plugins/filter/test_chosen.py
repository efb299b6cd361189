# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lists choose: text in their place, as of `-e`, leaves nothing out, wherever it decides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.multiarch.builders.plugins.filter.chosen import FilterModule, chosen
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import CONCERNS
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify import of_hosts

ROLES = Path(__file__).parents[4] / "roles"
ALL = list(CONCERNS)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param(["buildx", "trust"], ["trust", "buildx"], id="a list, in the order of the concerns"),
        pytest.param([], [], id="an empty list"),
        pytest.param(None, ALL, id="null, so the default"),
        pytest.param("trust,buildx", ALL, id="text"),
        pytest.param("builder", ALL, id="text that is no concern"),
        pytest.param("", ALL, id="empty text"),
        pytest.param(["bulidx"], ALL, id="misspelled"),
        pytest.param(["trust", None], ALL, id="with null"),
        pytest.param([["trust"]], ALL, id="a list in a list"),
        pytest.param({"trust": True}, ALL, id="a mapping"),
        pytest.param(17, ALL, id="a number"),
    ],
)
def test_what_is_invalid_leaves_nothing_out(value: object, found: list[str]) -> None:
    assert chosen(value, "concerns") == found
    for concern in ("trust", "buildx"):  # the tables of a verification
        shown = of_hosts.results({"a": {"builder_concerns": value}}, ["a"], None, concern=concern, variable="result")
        assert bool(shown) == (concern in found)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param(["builds"], ["builds"], id="a list"),
        pytest.param("builds", ["trust", "builds"], id="text"),
        pytest.param("build", ["trust", "builds"], id="text that is no proof"),
    ],
)
def test_proofs(value: object, found: list[str]) -> None:
    assert chosen(value, "proofs") == found


def test_there_is_nothing_else_to_choose() -> None:
    assert FilterModule().filters() == {"chosen": chosen}
    with pytest.raises(AnsibleFilterError, match="kind is one of concerns, proofs"):
        chosen([], "platforms")


LISTS = {
    name
    for path in sorted(ROLES.glob("*/meta/argument_specs.yml"))
    for name, option in yaml.safe_load(path.read_text())["argument_specs"]["main"].get("options", {}).items()
    if option["type"] == "list"
}


def test_roles_and_playbooks_decide_by_no_list_as_it_is_given() -> None:
    """They pass it to a module, which checks it, or to the filter."""
    files = [*ROLES.glob("*/tasks/*.yml"), *ROLES.glob("*/vars/*.yml"), *ROLES.parent.glob("playbooks/*.yml")]
    lines = [line.partition(" #")[0].strip() for path in sorted(files) for line in path.read_text().splitlines()]
    used = [line for line in lines if not line.startswith("#") and LISTS & {*re.findall(r"\bbuilder_\w+", line)}]
    passed = re.compile(r"\w+: \"\{\{ builder_\w+( \| default\(omit\) if builder_retire_only == .*)? \}\}\"")
    given = re.compile(r"builder_\w+: (\[.*\]|\"\{\{ __\w+ \}\}\")")
    through = re.compile(r"\bbuilder_\w+( \| default\(none\))? \| multiarch\.builders\.chosen\(")
    left = [each for each in used if not (passed.fullmatch(each) or given.fullmatch(each) or through.search(each))]
    assert len(used) > 5
    assert left == []
