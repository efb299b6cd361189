# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of daemon.json: whose entries come, go and stay, over several runs."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.lists import (
    as_mappings,
    is_same,
    keys_after,
    lost_entries,
    merged,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.ours import Keys
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import (
    Former,
    Owned,
    owned_after,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.typed_json import decode, encode

KEY = "insecure-registries"
Document = dict[str, t.Any]
NOTHING = Keys({})


def step(document: Document, keys: Keys, patch: Document) -> tuple[Document, Keys]:
    """One run: what daemon.json holds then, and what is recorded, read back."""
    then = keys_after(document, keys, as_mappings(patch))
    owned, replaced = decode(Owned, encode(Owned, then.owned)), decode(Former, encode(Former, then.replaced))
    return merged(document, keys, as_mappings(patch)), Keys(owned, replaced)


@pytest.mark.parametrize(
    ("theirs", "ours", "both"),
    [
        pytest.param({KEY: ["10.0.0.0/8"]}, ["r:5000"], ["10.0.0.0/8", "r:5000"], id="a network"),
        pytest.param({KEY: ["r:5000", "x"]}, ["r:5000"], ["r:5000", "x"], id="the same entry is theirs"),
        pytest.param({KEY: ["x"]}, ["b", "a"], ["x", "b", "a"], id="ours come after theirs, in our order"),
        pytest.param({KEY: ["x", "x"]}, ["a"], ["x", "a"], id="theirs twice"),
        pytest.param({KEY: []}, ["a"], ["a"], id="an empty list"),
        pytest.param({}, ["a"], ["a"], id="no list"),
        pytest.param({KEY: "x"}, ["a"], ["a"], id="what is no list, and no dockerd takes"),
    ],
)
def test_ours_are_added_and_removed_and_theirs_stay(theirs: Document, ours: list[str], both: list[str]) -> None:
    with_ours, keys = step(theirs, NOTHING, {KEY: ours})
    assert with_ours == {KEY: both}
    assert step(with_ours, keys, {KEY: ours}) == (with_ours, keys), "the next run changes nothing"
    retired, left = step(with_ours, keys, {})
    assert is_same(retired, theirs)
    assert not left


def test_a_list_that_already_has_all_is_the_very_same() -> None:
    """Not even an entry that is there twice goes."""
    document = {KEY: ["x", "x", "a"]}
    assert merged(document, NOTHING, as_mappings({KEY: ["a"]})) == document


def test_what_others_do_between_two_runs() -> None:
    document, keys = step({KEY: ["x"]}, NOTHING, {KEY: ["a", "b"]})
    document = {KEY: ["y", "a"]}  # somebody took out x and our b, and put in y
    document, keys = step(document, keys, {KEY: ["a", "b"]})
    assert document == {KEY: ["y", "a", "b"]}
    document, keys = step(document, keys, {KEY: ["b"]})
    assert document == {KEY: ["y", "b"]}
    document, keys = step(document, keys, {})
    assert document == {KEY: ["y"]}
    assert not keys


def test_a_null_of_the_user_removes_all_and_gives_it_back() -> None:
    document, keys = step({KEY: ["x"], "debug": True}, NOTHING, {KEY: ["a"]})
    assert document == {KEY: ["x", "a"], "debug": True}
    for _run in range(2):
        document, keys = step(document, keys, {KEY: None})
        assert document == {"debug": True}
    document, keys = step(document, keys, {KEY: ["b"]})
    assert document == {"debug": True, KEY: ["x", "b"]}
    document, keys = step(document, keys, {})
    assert document == {"debug": True, KEY: ["x"]}


@pytest.mark.parametrize(
    ("before", "ours", "asked", "after"),
    [
        pytest.param(["x"], ["a", "b"], ["a"], ["a", "x"], id="what it replaced comes back"),
        pytest.param(["x", "a"], ["a"], [], ["a", "x"], id="an entry that was theirs before"),
        pytest.param(None, ["a", "b"], [], None, id="nothing was there"),
    ],
)
def test_a_list_that_an_earlier_version_owned_as_a_whole(
    before: list[str] | None, ours: list[str], asked: list[str], after: list[str] | None
) -> None:
    replaced: dict[tuple[str, ...], list[str]] = {} if before is None else {(KEY,): before}
    keys = Keys(owned_after({}, {}, {KEY: ours}), replaced)
    document, keys = step({KEY: ours}, keys, {KEY: asked} if asked else {})
    assert document.get(KEY) == after
    assert step(document, keys, {KEY: asked} if asked else {})[0] == document


def test_a_list_of_an_earlier_version_that_somebody_changed_is_theirs() -> None:
    keys = Keys(owned_after({}, {}, {KEY: ["a"]}))
    assert step({KEY: ["a", "x"]}, keys, {}) == ({KEY: ["a", "x"]}, NOTHING)


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        pytest.param(
            {"dns": ["1.1.1.1"]},
            {"dns": ["9.9.9.9"]},
            'dns of daemon.json is replaced as a whole: "1.1.1.1" (n',
            id="dns",
        ),
        pytest.param(
            {"registry-mirrors": ["https://a", "https://b/"]},
            {"registry-mirrors": ["https://b", "https://c"]},
            'registry-mirrors of daemon.json is replaced as a whole: "https://a" (n',
            id="a mirror; a last slash is nothing",
        ),
        pytest.param({"dns": ["1.1.1.1"]}, {"dns": ["9.9.9.9", "1.1.1.1"]}, "", id="none, in another order"),
        pytest.param({"labels": ["a=b"]}, {}, "", id="all of a key: that is told by itself"),
        pytest.param({"debug": True}, {"debug": False}, "", id="no list"),
        pytest.param(
            {"x": {"y": [{"a": 1}]}},
            {"x": {"y": [{"a": 2}]}},
            'x.y of daemon.json is replaced as a whole: {"a": 1}',
            id="deep",
        ),
    ],
)
def test_what_a_list_of_others_loses_is_told(before: Document, after: Document, lost: str) -> None:
    found = lost_entries(before, after, NOTHING)
    assert [each[: len(lost)] for each in found] == ([lost] if lost else [])
    assert lost_entries(before, after, Keys(owned_after({}, {}, before))) == (), "ours go without a word"
