# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The input of a fleet: what hosts share is compiled once, and problems are told below the hosts that have them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.fleet_input import check, source_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Problem, SpecError

WRONG = Problem("builder_users", "'root'", "is a string", "Write a list")
ALSO = Problem("builder_gc", "5", "is an integer", "Write a mapping")


@pytest.mark.parametrize(
    ("given", "folder", "same"),
    [
        pytest.param({"platforms": ["amd64"]}, "/inventory", True, id="the same input"),
        pytest.param({"platforms": ["arm64"]}, "/inventory", False, id="other input"),
        pytest.param({"platforms": ["amd64"]}, "/other", False, id="other files beside the inventory"),
        pytest.param({"instances": 5}, "/inventory", False, id="wrong input"),
    ],
)
def test_hosts_with_the_same_input_are_compiled_once(given: dict[str, Any], folder: str, same: bool) -> None:
    one = source_of({"platforms": ["amd64"]}, {"inventory_dir": "/inventory", "inventory_hostname": "one"})
    assert (source_of(given, {"inventory_dir": folder, "inventory_hostname": "two"}) == one) is same


def test_nodes_of_builders_depend_on_the_host() -> None:
    given = {"instances": [{"name": "multiarch", "nodes": [{"host": "one"}]}]}
    assert source_of(given, {"inventory_hostname": "one"}) != source_of(given, {"inventory_hostname": "two"})


def test_what_is_served_depends_on_the_host() -> None:
    sources = [source_of({"serve": {"address": "::"}}, {"inventory_hostname": name}) for name in ("one", "two")]
    assert sources[0] != sources[1]
    sources = [source_of({"serve": {}}, {"inventory_hostname": name}) for name in ("one", "two")]
    assert sources[0] == sources[1]


class Reading:
    """A reader whose options are what the variables say; *compiled_with* is what it had to compile."""

    def __init__(self, compiled_with: list[Any]) -> None:
        self.compiled_with = compiled_with

    def given(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        if "template" in task_vars:
            raise SpecError([task_vars["template"]])
        return {"options": task_vars.get("options")}

    def compiled(self, given: dict[str, Any], task_vars: dict[str, Any]) -> CompiledSpec:
        self.compiled_with.append(given["options"])
        if isinstance(given["options"], list):
            raise SpecError(given["options"])
        return CompiledSpec({"of": given["options"]}, tuple(task_vars.get("warnings", ())))


@pytest.mark.parametrize(
    ("fleet", "compiled", "message"),
    [
        pytest.param({"a": {"options": 1}, "b": {"options": 1}, "c": {"options": 2}}, [1, 2], [], id="valid"),
        pytest.param(
            {"ci-1": {"options": [WRONG, ALSO]}, "ci-2": {"options": [WRONG, ALSO]}},
            [[WRONG, ALSO], [WRONG, ALSO]],
            ["2 problems in the input; nothing was changed:", f"- {WRONG}", f"- {ALSO}"],
            id="the same problems of all",
        ),
        pytest.param(
            {"ci-1": {"options": [WRONG]}, "ci-2": {}, "ci-3": {"template": ALSO}, "ci-4": {"template": ALSO}},
            [[WRONG], None],
            [
                *("The input of 3 of 4 hosts is invalid; nothing was changed:", "ci-1:", f"- {WRONG}"),
                *("ci-[3:4]:", f"- {ALSO}"),
            ],
            id="those of three of four",
        ),
    ],
)
def test_a_fleet(fleet: dict[str, dict[str, Any]], compiled: list[Any], message: list[str]) -> None:
    seen: list[Any] = []
    found = check(fleet, lambda host: fleet[host], lambda _variables: Reading(seen))
    assert seen == compiled
    assert found.failure.get("msg", "").splitlines() == message
    assert {*found.hosts, *found.invalid} == {*fleet}
    if message:
        assert found.failure["stopped"] == list(found.hosts)
        assert set(found.failure["invalid"]) == set(found.invalid)


def test_warnings_are_given_once_and_beside_problems_too() -> None:
    fleet: dict[str, dict[str, Any]] = {
        "a": {"options": 1, "warnings": ["x"]},
        "b": {"options": [WRONG], "builder_platfroms": []},
        "c": {"options": 1, "builder_platfroms": []},
    }
    told = check(fleet, lambda host: fleet[host], lambda _variables: Reading([])).warnings
    assert told == ("x", "builder_platfroms: is not a known variable. Did you mean builder_platforms?")
