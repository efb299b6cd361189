# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is noted of the use of an answer, and that no way to use it goes unnoticed."""

from __future__ import annotations

import copy
import json
import pickle
from collections import ChainMap
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.trace.answer import Answer, tracked
from ansible_collections.multiarch.builders.plugins.module_utils.trace.replay import reduced

Use = Callable[[Any], object]

INFO: dict[str, Any] = {
    "Version": "28",
    "Time": "12:00",
    "Empty": {},
    "Driver": {"Name": "overlayfs", "Status": [["a", "b"]]},
    "Mounts": [{"Name": "x", "RW": True}, {"Name": "y", "RW": True}],
    "Tags": ["a"],
    "None": None,
}
ALL = {"*": True}


def used_as(expression: str, x: Any) -> Any:
    return eval(
        expression, {"x": x, "tracked": tracked, "json": json, "copy": copy, "pickle": pickle, "ChainMap": ChainMap}
    )


# (a use of x, what is noted)
USES: list[tuple[str, dict[str, Any]]] = [
    ("None", {}),
    ('x["Version"]', {"Version": {}}),
    ('x.get("Version")', {"Version": {}}),
    ('x.get("Missing", 1)', {"Missing": {}}),
    ('"Version" in x', {"Version": {}}),
    ('"Missing" in x', {"Missing": {}}),
    ('x["Driver"]', {"Driver": {}}),
    ('x["Driver"]["Name"]', {"Driver": {"Name": {}}}),
    ('x.get("Driver", {}).get("Missing")', {"Driver": {"Missing": {}}}),
    ('(x.get("None") or {}).get("Name")', {"None": {}}),
    ('bool(x["Driver"])', {"Driver": {}}),
    ('x["Driver"] or {}', {"Driver": {}}),
    ('x["Empty"]', {"Empty": {}}),
    ('len(x["Driver"])', {"Driver": ALL}),
    ('x["Driver"] == {}', {"Driver": ALL}),
    ('x["Tags"]', {"Tags": {"[]": {}}}),
    ('x["Mounts"]', {"Mounts": {"[]": {}}}),
    ('[each["Name"] for each in x["Mounts"]]', {"Mounts": {"[]": {"Name": {}}}}),
    ('x["Mounts"][0]["Name"]', {"Mounts": {"[]": {"Name": {}}}}),
    ('x["Driver"]["Status"]', {"Driver": {"Status": {"[]": {"[]": {}}}}}),
    ('x["Mounts"] == []', {"Mounts": {"[]": {}}}),
    ('x["Mounts"] == [{}, {}]', {"Mounts": {"[]": ALL}}),
    ('{} in x["Mounts"]', {"Mounts": {"[]": ALL}}),
    ('{"Name": "x", "RW": True} in x["Mounts"]', {"Mounts": {"[]": ALL}}),
    ('json.dumps(x["Mounts"])', {"Mounts": {"[]": ALL}}),
    ('x.__getitem__("Version")', {"Version": {}}),
    ('"%(Version)s" % x', {"Version": {}}),
    ('"{Version}".format_map(x)', {"Version": {}}),
    ("isinstance(x, dict)", {}),
]
# Each of these is a use of all.
WHOLE: list[str] = [
    "list(x)",
    "tuple(x)",
    "set(x)",
    "sorted(x)",
    "dict(x)",
    "dict(x, more=1)",
    "{**x}",
    "(lambda **values: values)(**x)",
    "[*x]",
    "[key for key in x]",
    "len(x)",
    "next(iter(x), None)",
    "list(reversed(x))",
    "any(x)",
    '"".join(x)',
    "dict.fromkeys(x)",
    "list(zip(x, x))",
    "list(map(str, x))",
    "list(enumerate(x))",
    "x.keys()",
    "x.values()",
    "x.items()",
    '"Version" in x.keys()',
    "x.copy()",
    "copy.copy(x)",
    "copy.deepcopy(x)",
    "pickle.dumps(x)",
    "json.dumps(x)",
    "json.dumps(x, sort_keys=True)",
    "json.dumps(x, indent=1)",
    'json.dumps([{"inside": x}])',
    "repr(x)",
    "str(x)",
    'f"{x}"',
    '"%s" % (x,)',
    "repr([x])",
    "x == {}",
    "{} == x",
    "x != {}",
    "{} != x",
    "[x] == [{}]",
    'tracked({"other": 1}, {}) == x',
    "{}.update(x)",
    "{}.__ior__(x)",
    "x | {}",
    "{} | x",
    '{"other": 1} | x',
    'tracked({"other": 1}, {}) | x',
    "list(ChainMap({}, x))",
    'x.pop("Version", None)',
    'x.setdefault("Version", "1")',
    'x.update(Version="1")',
    "x.clear()",
    'x.__setitem__("Version", "1")',
    'x.__ior__({"Version": "1"})',
]


@pytest.mark.parametrize(("expression", "noted"), USES)
def test_what_is_noted(expression: str, noted: dict[str, Any]) -> None:
    used: dict[str, Any] = {}
    found = used_as(expression, tracked(INFO, used))
    assert used == noted
    assert found == used_as(expression, INFO)


@pytest.mark.parametrize("value", [INFO, {}], ids=["full", "empty"])
@pytest.mark.parametrize("expression", WHOLE)
def test_whatever_is_not_one_keys_value_is_a_use_of_all(expression: str, value: dict[str, Any]) -> None:
    """Python's own functions look into a dict without asking it, where it is empty above all."""
    used: dict[str, Any] = {}
    used_as(expression, tracked(value, used))
    assert reduced({"a new key": 1, **value}, used) != reduced(value, used)
    assert reduced({**value, "Time": "13:00"}, used) != reduced(value, used)


@pytest.mark.parametrize(
    "use",
    [dict, copy.copy, copy.deepcopy, lambda x: x.copy(), lambda x: pickle.loads(pickle.dumps(x)), lambda x: x | {}],
)
def test_a_copy_is_a_plain_one(use: Use) -> None:
    found = use(tracked(INFO, {}))
    assert found.__class__ is dict
    assert json.loads(json.dumps(found)) == INFO


@pytest.mark.parametrize("name", sorted(name for name in dir(dict) if callable(getattr(dict, name))))
def test_no_method_of_a_dict_goes_unnoticed(name: str) -> None:
    """A Python that brings one more has it told here."""
    harmless = {name for name in dir(object) if getattr(dict, name) is getattr(object, name, None)} | {
        *(
            "__class__",
            "__init_subclass__",
            "__subclasshook__",
            "__new__",
            "__sizeof__",
            "__class_getitem__",
            "fromkeys",
            "__doc__",
            "__getattribute__",
        ),
        *("__lt__", "__le__", "__gt__", "__ge__"),  # dicts have no order
    }
    assert name in Answer.__dict__ or name in harmless


def test_a_key_that_is_not_there_is_told_as_by_a_dict() -> None:
    used: dict[str, Any] = {}
    with pytest.raises(KeyError, match="Missing"):
        tracked(INFO, used)["Missing"]
    assert used == {"Missing": {}}
    with pytest.raises(TypeError, match="unhashable"):
        hash(tracked(INFO, used))


@pytest.mark.parametrize("value", ["x", 1, True, None, 1.5])
def test_what_is_no_object_stays(value: object) -> None:
    assert tracked(value, {}) is value
    assert reduced(value, {}) is value


def changed(**values: object) -> dict[str, Any]:
    return INFO | values


# {what is used: what may change meanwhile, and what may not}
CHANGES: list[tuple[str, Use, list[dict[str, Any]], list[dict[str, Any]]]] = [
    (
        "one value",
        lambda x: x["Version"],
        [changed(Time="13:00"), changed(new=1), changed(Driver=None, Tags=[])],
        [changed(Version="29"), changed(Version=None), {}, {"Version": ["28"]}, changed(Version={})],
    ),
    ("a key that is missing", lambda x: x.get("Missing"), [changed(new=1)], [changed(Missing=None)]),
    ("null", lambda x: x["None"], [changed(Time="")], [changed(**{"None": 0}), changed(**{"None": {}})]),
    (
        "a value inside",
        lambda x: x["Driver"]["Name"],
        [changed(Driver={"Name": "overlayfs"}), changed(Driver={"Name": "overlayfs", "new": 1})],
        [changed(Driver={"Name": "vfs"}), changed(Driver={}), changed(Driver=None), changed(Driver="overlayfs")],
    ),
    (
        "whether there is anything inside",
        lambda x: bool(x["Driver"]),
        [changed(Driver={"new": 1})],
        [changed(Driver={}), changed(Driver=None)],
    ),
    ("that it is empty", lambda x: x["Empty"], [changed(Time="")], [changed(Empty={"new": 1}), changed(Empty=None)]),
    (
        "a value of each element",
        lambda x: [each["Name"] for each in x["Mounts"]],
        [changed(Mounts=[{"Name": "x"}, {"Name": "y", "RW": False}]), changed(Mounts=INFO["Mounts"][::-1])],
        [
            changed(Mounts=[{"Name": "x"}]),
            changed(Mounts=[*INFO["Mounts"], {}]),
            changed(Mounts=[]),
            changed(Mounts=None),
        ],
    ),
    (
        "a list",
        lambda x: x["Tags"],
        [changed(Time="")],
        [changed(Tags=[]), changed(Tags=["b"]), changed(Tags=["a"] * 2)],
    ),
    (
        "all of an object",
        lambda x: dict(x["Driver"]),
        [changed(Time=""), changed(Driver={"Status": [["a", "b"]], "Name": "overlayfs"})],
        [changed(Driver={**INFO["Driver"], "new": 1}), changed(Driver={**INFO["Driver"], "Status": [["a", "c"]]})],
    ),
    ("all", sorted, [dict(reversed(INFO.items()))], [changed(Time=""), changed(new=1), {}]),
]


@pytest.mark.parametrize(("use", "same", "others"), [pytest.param(*each, id=words) for words, *each in CHANGES])
def test_what_is_another_answer(use: Use, same: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    used: dict[str, Any] = {}
    use(tracked(INFO, used))
    noted = json.loads(json.dumps(used))  # as it comes back from a trace
    assert [reduced(each, noted) == reduced(INFO, used) for each in same] == [True] * len(same)
    assert [repr(reduced(each, noted)) == repr(reduced(INFO, used)) for each in others] == [False] * len(others)
