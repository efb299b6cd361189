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
from operator import itemgetter
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.trace.answer import Answer, tracked
from ansible_collections.multiarch.builders.plugins.module_utils.trace.replay import reduced

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


def unpacked(**values: object) -> object:
    return values


def updated(x: dict[str, Any]) -> object:
    found: dict[str, Any] = {}
    found.update(x)
    return found


def joined(x: dict[str, Any]) -> object:
    found: dict[str, Any] = {}
    found |= x
    return found


Use = Callable[[Any], object]

# {what is noted: the uses}
USES: list[tuple[Use, dict[str, Any]]] = [
    (lambda x: None, {}),
    (lambda x: x["Version"], {"Version": {}}),
    (lambda x: x.get("Version"), {"Version": {}}),
    (lambda x: x.get("Missing", 1), {"Missing": {}}),
    (lambda x: "Version" in x, {"Version": {}}),
    (lambda x: "Missing" in x, {"Missing": {}}),
    (lambda x: x["Driver"], {"Driver": {}}),
    (lambda x: x["Driver"]["Name"], {"Driver": {"Name": {}}}),
    (lambda x: x.get("Driver", {}).get("Missing"), {"Driver": {"Missing": {}}}),
    (lambda x: (x.get("None") or {}).get("Name"), {"None": {}}),
    (lambda x: bool(x["Driver"]), {"Driver": {"?": True}}),
    (lambda x: x["Driver"] or {}, {"Driver": {"?": True}}),
    (lambda x: x["Empty"], {"Empty": {"?": True}}),
    (lambda x: len(x["Driver"]), {"Driver": ALL}),
    (lambda x: x["Driver"] == {}, {"Driver": ALL}),
    (lambda x: x["Tags"], {"Tags": {"[]": {}}}),
    (lambda x: x["Mounts"], {"Mounts": {"[]": {}}}),
    (lambda x: [each["Name"] for each in x["Mounts"]], {"Mounts": {"[]": {"Name": {}}}}),
    (lambda x: x["Mounts"][0]["Name"], {"Mounts": {"[]": {"Name": {}}}}),
    (lambda x: x["Driver"]["Status"], {"Driver": {"Status": {"[]": {"[]": {}}}}}),
    (lambda x: x["Mounts"] == [], {"Mounts": {"[]": {}}}),
    (lambda x: x["Mounts"] == [{}, {}], {"Mounts": {"[]": ALL}}),
    (lambda x: {} in x["Mounts"], {"Mounts": {"[]": ALL}}),
    (lambda x: {"Name": "x", "RW": True} in x["Mounts"], {"Mounts": {"[]": ALL}}),
    (lambda x: json.dumps(x["Mounts"]), {"Mounts": {"[]": ALL}}),
    (lambda x: itemgetter("Version")(x), {"Version": {}}),
    (lambda x: "%(Version)s" % x, {"Version": {}}),
    (lambda x: "{Version}".format_map(x), {"Version": {}}),
    (lambda x: isinstance(x, dict), {}),
]
# Each of these is a use of all.
WHOLE: list[Use] = [
    lambda x: list(x),
    lambda x: tuple(x),
    lambda x: set(x),
    lambda x: sorted(x),
    lambda x: dict(x),
    lambda x: dict(x, more=1),
    lambda x: {**x},
    lambda x: unpacked(**x),
    lambda x: [*x],
    lambda x: [key for key in x],
    lambda x: len(x),
    lambda x: next(iter(x), None),
    lambda x: list(reversed(x)),
    lambda x: any(x),
    lambda x: "".join(x),
    lambda x: dict.fromkeys(x),
    lambda x: list(zip(x, x)),  # noqa: B905
    lambda x: list(map(str, x)),
    lambda x: list(enumerate(x)),
    lambda x: x.keys(),
    lambda x: x.values(),
    lambda x: x.items(),
    lambda x: "Version" in x.keys(),  # noqa: SIM118
    lambda x: x.copy(),
    lambda x: copy.copy(x),
    lambda x: copy.deepcopy(x),
    lambda x: pickle.dumps(x),
    lambda x: json.dumps(x),
    lambda x: json.dumps(x, sort_keys=True),
    lambda x: json.dumps(x, indent=1),
    lambda x: json.dumps([{"inside": x}]),
    lambda x: repr(x),
    lambda x: str(x),
    lambda x: f"{x}",
    lambda x: "%s" % (x,),
    lambda x: repr([x]),
    lambda x: x == {},
    lambda x: x == {},
    lambda x: x != {},
    lambda x: x != {},
    lambda x: [x] == [{}],
    lambda x: tracked({"other": 1}, {}) == x,
    lambda x: x | {},
    lambda x: {} | x,
    lambda x: {"other": 1} | x,
    lambda x: tracked({"other": 1}, {}) | x,
    updated,
    joined,
    lambda x: list(ChainMap({}, x)),
    lambda x: x.pop("Version", None),
    lambda x: x.setdefault("Version", "1"),
    lambda x: x.update(Version="1"),
    lambda x: x.clear(),
    lambda x: x.__setitem__("Version", "1"),
    lambda x: x.__ior__({"Version": "1"}),
]


@pytest.mark.parametrize(("use", "noted"), USES)
def test_what_is_noted(use: Use, noted: dict[str, Any]) -> None:
    used: dict[str, Any] = {}
    assert use(tracked(INFO, used)) == use(copy.deepcopy(INFO))
    assert used == noted


@pytest.mark.parametrize("value", [INFO, {}], ids=["full", "empty"])
@pytest.mark.parametrize("use", WHOLE)
def test_whatever_is_not_one_keys_value_is_a_use_of_all(use: Use, value: dict[str, Any]) -> None:
    """Python's own functions look into a dict without asking it, where it is empty above all."""
    used: dict[str, Any] = {}
    answer = tracked(value, used)
    use(answer)
    assert reduced({"a new key": 1, **value}, used) != reduced(value, used)
    assert reduced({**value, "Time": "13:00"}, used) != reduced(value, used)


@pytest.mark.parametrize(
    "use",
    [dict, copy.copy, copy.deepcopy, lambda x: x.copy(), lambda x: pickle.loads(pickle.dumps(x)), lambda x: x | {}],
)
def test_a_copy_is_a_plain_one(use: Use) -> None:
    found = use(tracked(INFO, {}))
    assert type(found) is dict
    assert json.loads(json.dumps(found)) == INFO


@pytest.mark.parametrize("name", sorted(name for name in dir(dict) if callable(getattr(dict, name))))
def test_no_method_of_a_dict_goes_unnoticed(name: str) -> None:
    """A Python that brings one more has it told here."""
    harmless = {name for name in dir(object) if getattr(dict, name) is getattr(object, name, None)} | {
        *("__class__", "__new__", "__sizeof__", "__class_getitem__", "fromkeys", "__doc__", "__getattribute__"),
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
        [changed(Mounts=[{"Name": "x"}, {"Name": "y", "RW": False}])],
        [
            changed(Mounts=[{"Name": "x"}]),
            changed(Mounts=[{"Name": "y"}, {"Name": "x"}]),
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
    ("all", lambda x: sorted(x), [dict(reversed(INFO.items()))], [changed(Time=""), changed(new=1), {}]),
]


@pytest.mark.parametrize(("use", "same", "others"), [pytest.param(*each, id=words) for words, *each in CHANGES])
def test_what_is_another_answer(use: Use, same: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    used: dict[str, Any] = {}
    use(tracked(INFO, used))
    noted = json.loads(json.dumps(used))  # as it comes back from a trace
    assert [reduced(each, noted) == reduced(INFO, used) for each in same] == [True] * len(same)
    assert [repr(reduced(each, noted)) == repr(reduced(INFO, used)) for each in others] == [False] * len(others)
