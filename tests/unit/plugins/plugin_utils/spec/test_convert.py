# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values against the table of options."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.convert import convert
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

WORDS = {"type": "list", "elements": "str", "default": ["d"]}
COLOURS = {"type": "str", "choices": ["red", "green"], "default": "red"}
ENTRY = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "name": {"type": "str", "required": True},
        "on": {"type": "bool", "default": False},
        "secret": {"type": "str", "no_log": True},
    },
}


@pytest.mark.parametrize(
    ("option", "value", "converted"),
    [
        pytest.param({"type": "bool"}, "yes", True, id="yes, as Ansible"),
        pytest.param({"type": "bool"}, "Off", False, id="off, as Ansible"),
        pytest.param({"type": "bool"}, 0, False, id="0, as Ansible"),
        pytest.param({"type": "int"}, "900", 900, id="digits in a string"),
        pytest.param({"type": "int", "default": 7}, None, 7, id="null is absent"),
        pytest.param(WORDS, None, ["d"], id="a list's default"),
        pytest.param(WORDS, [], [], id="an empty list is not absent"),
        pytest.param(COLOURS, "green", "green", id="a known choice"),
        pytest.param({"type": "dict", "default": {}}, {"a": None}, {"a": None}, id="null in a free mapping is kept"),
        *(pytest.param({"type": "raw"}, each, each, id=f"raw: {each}") for each in (5, "5GB", True, [None], {"a": 1})),
        pytest.param({"type": "raw"}, None, None, id="raw: absent"),
        pytest.param(ENTRY, [{"name": "a"}], [{"name": "a", "on": False}], id="defaults of an entry"),
        pytest.param(ENTRY, [{"name": "a", "on": "true", "secret": None}], [{"name": "a", "on": True}], id="entry"),
    ],
)
def test_good_values(option: dict[str, t.Any], value: object, converted: object) -> None:
    findings = Findings()
    assert convert("v", value, option, findings) == converted
    assert findings.problems == []


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        pytest.param(WORDS, "root,me", "v = 'root,me': is a string, not a list. Write a list: [a, b].", id="string"),
        pytest.param(WORDS, {"a": 1}, "v: is a mapping, not a list. Write a list: [a, b].", id="mapping for list"),
        pytest.param(WORDS, ["a", 1.1], "v[1] = 1.1: is a number, not a string. Put it in quotes.", id="element"),
        pytest.param(WORDS, [None], "v[0]: is null, not a string. Put it in quotes, or remove the entry.", id="null"),
        pytest.param({"type": "bool"}, "maybe", "v = 'maybe': is a string, not a boolean.", id="no boolean"),
        pytest.param({"type": "int"}, True, "v = True: is a boolean, not an integer.", id="boolean for int"),
        pytest.param({"type": "int"}, "--5", "v = '--5': is a string, not an integer.", id="two signs"),
        pytest.param(
            {"type": "int"}, "9" * 19, f"v = '{'9' * 19}': is a string, not an integer.", id="digits for ever"
        ),
        pytest.param({"type": "int"}, "1.5", "v = '1.5': is a string, not an integer.", id="fraction"),
        pytest.param({"type": "str"}, True, "v = True: is a boolean, not a string. Put it in quotes.", id="YAML's yes"),
        pytest.param(COLOURS, "gren", "v = 'gren': is not a valid choice. Did you mean green?", id="near a choice"),
        pytest.param(COLOURS, "xyz", "v = 'xyz': is not a valid choice. Known: red, green.", id="near nothing"),
        pytest.param(ENTRY, [{"on": True}], "v[0].name: is missing. Every entry needs it.", id="required"),
        pytest.param(ENTRY, [{"name": "a", "nmae": 1}], "v[0].nmae: is not a known key. Did you mean name?", id="key"),
        pytest.param(ENTRY, ["a"], "v[0] = 'a': is a string, not a mapping.", id="entry is a string"),
        pytest.param(ENTRY, [{"name": "a", "secret": 12345}], "v[0].secret: is an integer, not a string.", id="secret"),
    ],
)
def test_bad_values_are_named_with_their_place_and_the_remedy(
    option: dict[str, t.Any], value: object, told: str
) -> None:
    findings = Findings()
    convert("v", value, option, findings)
    assert len(findings.problems) == 1
    assert str(findings.problems[0]).startswith(told)
    assert "12345" not in str(findings.problems[0])


def test_defaults_are_never_shared() -> None:
    convert("v", None, WORDS, Findings()).append("x")
    assert WORDS["default"] == ["d"]


def test_after_a_bad_part_the_rest_is_still_there_at_its_place() -> None:
    value = [{"name": "a", "on": "maybe"}, "b", {"name": "c"}]
    assert convert("v", value, ENTRY, Findings()) == [{"name": "a", "on": False}, {}, {"name": "c", "on": False}]
    assert convert("v", ["a", 1, "b"], WORDS, Findings()) == ["a", None, "b"]
