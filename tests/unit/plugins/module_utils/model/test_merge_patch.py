# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON merge patch against the examples of RFC 7396, and what the two uses of it here need beyond it."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import (
    Path,
    compose,
    leaves,
    merge,
    without,
)

# RFC 7396, appendix A, all fifteen: (original, patch, result)
RFC_7396 = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "merged"), RFC_7396)
def test_examples_of_the_rfc(target: t.Any, patch: t.Any, merged: t.Any) -> None:
    before = copy.deepcopy((target, patch))
    assert merge(target, patch) == merged
    assert (target, patch) == before


def test_the_order_of_the_target_stays_and_new_keys_come_last() -> None:
    target = {"z": 1, "m": {"y": 1, "x": 2}, "a": 3}
    merged = merge(target, {"a": 0, "b": 0, "m": {"x": 0, "w": 0}})
    assert [*merged, *merged["m"]] == ["z", "m", "a", "b", "y", "x", "w"]


@pytest.mark.parametrize(
    ("first", "second", "composed"),
    [
        pytest.param({}, {"a": 1}, {"a": 1}, id="nothing first"),
        pytest.param({"a": 1}, {}, {"a": 1}, id="nothing second"),
        pytest.param({"a": 1}, {"a": 2}, {"a": 2}, id="the second wins"),
        pytest.param({"a": [1]}, {"a": [2]}, {"a": [2]}, id="lists replace"),
        pytest.param({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}, id="mappings join"),
        pytest.param({"a": 1}, {"a": None}, {"a": None}, id="a null stays"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": None}}, {"a": {"b": None}}, id="a null stays, deeper"),
        pytest.param({"a": {"b": 1}}, {"a": None}, {"a": None}, id="a null over a mapping"),
        pytest.param({}, {"a": {"b": None}}, {"a": {"b": None}}, id="a null for a mapping that is not there"),
        pytest.param({"a": {"b": 1}}, {"a": [1]}, {"a": [1]}, id="a list over a mapping"),
    ],
)
def test_compose(first: dict[str, t.Any], second: dict[str, t.Any], composed: dict[str, t.Any]) -> None:
    before = copy.deepcopy((first, second))
    assert compose(first, second) == composed
    assert (first, second) == before
    for target in ({}, {"a": 0}, {"a": {"b": 0, "z": 0}}, {"a": {"c": 0}, "z": 0}):
        assert merge(target, composed) == merge(merge(target, first), second)


@pytest.mark.parametrize(
    ("patch", "found"),
    [
        pytest.param({}, (), id="nothing"),
        pytest.param({"a": 1, "b": [1]}, (("a",), ("b",)), id="values"),
        pytest.param({"a": {"b": {"c": 0}, "d": ""}}, (("a", "b", "c"), ("a", "d")), id="nested, falsy ones too"),
        pytest.param({"a": False}, (("a",),), id="false is a value"),
        pytest.param({"a": None, "b": {"c": None}}, (), id="a null sets nothing"),
        pytest.param({"a": {}, "b": {"c": {}}}, (("a",), ("b", "c")), id="an empty mapping is one"),
        pytest.param({"a.b": {"c": 1}}, (("a.b", "c"),), id="a dot in a name"),
    ],
)
def test_leaves(patch: dict[str, t.Any], found: tuple[Path, ...]) -> None:
    assert leaves(patch) == found


@pytest.mark.parametrize(
    ("document", "paths", "remaining"),
    [
        pytest.param({"a": 1, "b": 2}, [("a",)], {"b": 2}, id="a key"),
        pytest.param({"a": {"b": 1, "c": 2}}, [("a", "b")], {"a": {"c": 2}}, id="a key below"),
        pytest.param({"a": {"b": {"c": 1}}, "d": 1}, [("a", "b", "c")], {"d": 1}, id="emptied mappings go"),
        pytest.param({"a": {"b": 1, "c": 2}}, [("a", "b"), ("a", "c")], {}, id="emptied by several"),
        pytest.param({"a": {}}, [("a", "b")], {"a": {}}, id="a mapping that was empty stays"),
        pytest.param({"a": 1}, [("a", "b"), ("z",), ("z", "y")], {"a": 1}, id="paths that are not there"),
        pytest.param({"a": 1}, [], {"a": 1}, id="no path"),
    ],
)
def test_without(document: dict[str, t.Any], paths: list[Path], remaining: dict[str, t.Any]) -> None:
    before = copy.deepcopy(document)
    assert without(document, paths) == remaining
    assert document == before
