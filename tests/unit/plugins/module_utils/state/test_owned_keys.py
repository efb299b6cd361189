# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A document that others write too: what it becomes, what of it is ours, and what differs, in words."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import Path
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import (
    Former,
    Owned,
    both,
    changes,
    desired,
    former_after,
    ours,
    owned_after,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.typed_json import decode, encode

Document = dict[str, t.Any]
SNAPSHOTTER = {"features": {"containerd-snapshotter": True}}


def of(values: Document) -> Owned:
    """What is ours after we set *values* where nothing was."""
    return owned_after({}, {}, values)


# (document, what we set in it, patch, document then, what of it is ours then)
DOCUMENTS = [
    pytest.param({}, {}, SNAPSHOTTER, SNAPSHOTTER, SNAPSHOTTER, id="new file"),
    pytest.param(
        {"log-driver": "local", "features": {"cdi": True}},
        {},
        SNAPSHOTTER,
        {"log-driver": "local", "features": {"cdi": True, "containerd-snapshotter": True}},
        SNAPSHOTTER,
        id="everybody else's keys stay",
    ),
    pytest.param(SNAPSHOTTER, {}, SNAPSHOTTER, SNAPSHOTTER, {}, id="set by somebody else already: theirs"),
    pytest.param({"debug": False}, {}, {"debug": True}, {"debug": True}, {"debug": True}, id="changed by us: ours"),
    pytest.param({"mtu": 1}, {"mtu": 1}, {"mtu": 1}, {"mtu": 1}, {"mtu": 1}, id="ours, stays"),
    pytest.param({"mtu": 1}, {"mtu": 1}, {"mtu": 2}, {"mtu": 2}, {"mtu": 2}, id="ours, another value is asked for"),
    pytest.param({"mtu": 9}, {"mtu": 1}, {"mtu": 1}, {"mtu": 1}, {"mtu": 1}, id="drifted: ours again"),
    pytest.param({"mtu": 9}, {"mtu": 1}, {"mtu": 9}, {"mtu": 9}, {}, id="theirs by now, and asked for: theirs"),
    pytest.param({"debug": True}, {"debug": True}, {}, {}, {}, id="ours, no longer asked for"),
    pytest.param({"mtu": 9}, {"mtu": 1}, {}, {"mtu": 9}, {}, id="theirs by now, no longer asked for: stays"),
    pytest.param({"debug": 1}, {"debug": True}, {}, {"debug": 1}, {}, id="1 is not true: theirs by now"),
    pytest.param({"debug": True}, {}, {}, {"debug": True}, {}, id="theirs, never asked for"),
    pytest.param({"debug": True, "dns": []}, {}, {"debug": None}, {"dns": []}, {}, id="a null removes theirs"),
    pytest.param(
        {"features": {"a": True, "b": True}},
        {"features": {"a": True}},
        {},
        {"features": {"b": True}},
        {},
        id="ours goes, their neighbour stays",
    ),
    pytest.param(
        {"registry-mirrors": ["https://a"]},
        {"registry-mirrors": ["https://a"]},
        {"registry-mirrors": ["https://b"]},
        {"registry-mirrors": ["https://b"]},
        {"registry-mirrors": ["https://b"]},
        id="a list is replaced whole",
    ),
    pytest.param(
        {"registry-mirrors": ["https://b", "https://a"]},
        {"registry-mirrors": ["https://a", "https://b"]},
        {},
        {"registry-mirrors": ["https://b", "https://a"]},
        {},
        id="a list in another order is theirs",
    ),
    pytest.param(
        {"nested": [{"b": 1, "a": 2}]},
        {"nested": [{"a": 2, "b": 1}]},
        {},
        {},
        {},
        id="a mapping in another order is ours",
    ),
    pytest.param(
        {"proxies": {"http-proxy": "p"}},
        {"proxies": {"http-proxy": "p"}},
        {"proxies": {"https-proxy": "q"}},
        {"proxies": {"https-proxy": "q"}},
        {"proxies": {"https-proxy": "q"}},
        id="one key of a mapping for another",
    ),
    pytest.param({"debug": True}, {"dns": []}, {}, {"debug": True}, {}, id="ours, gone by another hand"),
    pytest.param(
        {"proxies": "p"},
        {},
        {"proxies": {"https-proxy": "q"}},
        {"proxies": {"https-proxy": "q"}},
        {"proxies": {"https-proxy": "q"}},
        id="a mapping in place of their text",
    ),
    pytest.param(
        {"proxies": "p"}, {"proxies": {"https-proxy": "q"}}, {}, {"proxies": "p"}, {}, id="their text in place of ours"
    ),
    pytest.param(
        {"auths": {"a.example": {"auth": "x"}}, "credsStore": "pass"},
        {"credHelpers": {"b.example": "gcr"}},
        {"credHelpers": {"b.example": "gcr", "c.d": "ecr-login"}},
        {
            "auths": {"a.example": {"auth": "x"}},
            "credsStore": "pass",
            "credHelpers": {"b.example": "gcr", "c.d": "ecr-login"},
        },
        {"credHelpers": {"b.example": "gcr", "c.d": "ecr-login"}},
        id="keys with dots",
    ),
    pytest.param({}, {}, {"log-opts": {}}, {"log-opts": {}}, {"log-opts": {}}, id="an empty mapping of ours"),
    pytest.param(
        {"log-opts": {"max-size": "10m"}},
        {},
        {"log-opts": {}},
        {"log-opts": {"max-size": "10m"}},
        {},
        id="an empty mapping changes nothing of theirs, so it stays theirs",
    ),
    pytest.param(
        {"log-opts": {"max-size": "10m"}},
        {"log-opts": {}},
        {},
        {"log-opts": {"max-size": "10m"}},
        {},
        id="an empty mapping of ours that somebody filled is theirs",
    ),
]


@pytest.mark.parametrize(("document", "set_by_us", "patch", "then", "ours_then"), DOCUMENTS)
def test_the_document_then(
    document: Document, set_by_us: Document, patch: Document, then: Document, ours_then: Document
) -> None:
    assert desired(document, of(set_by_us), patch) == then
    assert owned_after(document, of(set_by_us), patch) == of(ours_then)
    # the next run finds nothing to do
    assert desired(then, of(ours_then), patch) == then
    assert owned_after(then, of(ours_then), patch) == of(ours_then)


@pytest.mark.parametrize(
    ("document", "patch"),
    [
        pytest.param({}, SNAPSHOTTER, id="a file of ours"),
        pytest.param({"features": {"cdi": True}, "dns": []}, SNAPSHOTTER, id="theirs beside ours"),
        pytest.param({"debug": True}, {"debug": True, "dns": []}, id="theirs, and wanted too"),
        pytest.param({"log-opts": {"max-size": "10m"}}, {"log-opts": {}}, id="theirs below an empty mapping"),
        pytest.param({"log-opts": {"max-size": "10m"}}, {"log-opts": {"tag": "x"}}, id="theirs in a mapping of both"),
    ],
)
def test_retiring_takes_what_is_ours_and_nothing_else(document: Document, patch: Document) -> None:
    after, owned = desired(document, {}, patch), owned_after(document, {}, patch)
    assert desired(after, owned, {}) == document


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        pytest.param({"mtu": 1, "features": {"cdi": True}}, {("mtu",), ("features", "cdi")}, id="as we set them"),
        pytest.param({"mtu": 2, "features": {"cdi": True}}, {("features", "cdi")}, id="one has another's value"),
        pytest.param({"mtu": "1", "features": {"cdi": 1}}, set(), id="values of other types"),
        pytest.param({"mtu": None, "features": None}, set(), id="null"),
        pytest.param({"mtu": {"mtu": 1}, "features": [{"cdi": True}]}, set(), id="other places"),
        pytest.param({}, set(), id="gone"),
    ],
)
def test_what_has_a_value_of_ours(document: Document, paths: set[Path]) -> None:
    assert ours(document, of({"mtu": 1, "features": {"cdi": True}})) == paths


@pytest.mark.parametrize(
    ("document", "stays"),
    [
        pytest.param({"mtu": 1}, {}, id="the former value: the new one was not written"),
        pytest.param({"mtu": 2}, {}, id="the new value: it was"),
        pytest.param({"mtu": 3}, {"mtu": 3}, id="another's value"),
        pytest.param({"dns": []}, {}, id="a key that went"),
        pytest.param({"debug": True}, {}, id="a key that came"),
        pytest.param({"dns": ["1.1.1.1"], "debug": False}, {"dns": ["1.1.1.1"], "debug": False}, id="neither is ours"),
    ],
)
def test_as_long_as_it_is_not_known_which_state_holds_both_are_ours(document: Document, stays: Document) -> None:
    owned = both(of({"mtu": 1, "dns": []}), of({"mtu": 2, "debug": True}))
    assert owned == both(of({"mtu": 2, "debug": True}), of({"mtu": 1, "dns": []}))
    assert desired(document, owned, {}) == stays


@pytest.mark.parametrize(
    "owned",
    [
        pytest.param({}, id="nothing"),
        pytest.param(of({"debug": True}), id="a key"),
        pytest.param(
            of({"credHelpers": {"a.example": "gcr", "b.c": "x"}, "l": {}, "d": ["ä"]}), id="keys of all kinds"
        ),
        pytest.param(both(of({"mtu": 1}), of({"mtu": 2, "dns": []})), id="a key with two values"),
    ],
)
def test_what_is_remembered_of_it_comes_back_from_json(owned: Owned) -> None:
    text = json.dumps(encode(Owned, owned))
    assert decode(Owned, json.loads(text)) == owned
    assert json.dumps(encode(Owned, dict(reversed(list(owned.items()))))) == text, "another order is another file"


def test_no_value_is_remembered() -> None:
    assert "s3cret" not in json.dumps(encode(Owned, of({"HttpHeaders": {"Authorization": "s3cret"}})))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param({"a": 1}, {"a": 1}, (), id="nothing"),
        pytest.param({}, SNAPSHOTTER, ("features.containerd-snapshotter: absent → true",), id="added"),
        pytest.param({"debug": True}, {}, ("debug: true → absent",), id="removed"),
        pytest.param({"d": ["1.1.1.1"]}, {"d": []}, ('d: ["1.1.1.1"] → []',), id="changed list"),
        pytest.param({"l": "ä"}, {"l": False}, ('l: "ä" → false',), id="letters and types"),
        pytest.param({"b": 1, "a": 1}, {}, ("a: 1 → absent", "b: 1 → absent"), id="sorted"),
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, (), id="another order is no change"),
        pytest.param({"a": None}, {}, (), id="null is absent"),
        pytest.param(
            {"a": "x"}, {"a": {"b": 1}}, ('a: "x" → {"b": 1}', "a.b: absent → 1"), id="a mapping in place of a text"
        ),
    ],
)
def test_changes_in_words(before: Document, after: Document, told: tuple[str, ...]) -> None:
    assert tuple(map(str, changes(before, after))) == told


def test_what_was_read_is_not_changed() -> None:
    document, patch = {"a": {"b": 1}, "c": [1]}, {"a": {"b": None, "d": 2}, "c": [2]}
    before = copy.deepcopy((document, patch))
    desired(document, of({"a": {"b": 1}}), patch)
    assert (document, patch) == before


# (document of others, the patches of runs one after another): what is there once nobody asks for anything any more
ROUND_TRIPS = [
    pytest.param({"debug": False}, [{"debug": True}], id="another value"),
    pytest.param({"debug": False}, [{"debug": True}, {"debug": True, "mtu": 1}], id="two runs"),
    pytest.param({"debug": False}, [{"debug": True}, {}], id="no longer asked for already"),
    pytest.param({"debug": False}, [{"debug": True}, {}, {"debug": True}], id="asked for again"),
    pytest.param({"registry-mirrors": ["https://a"]}, [{"registry-mirrors": ["https://b"]}], id="a list"),
    pytest.param(
        {"log-opts": {"max-size": "1m", "tag": "x"}}, [{"log-opts": {"max-size": "2m"}}], id="one of two keys"
    ),
    pytest.param({"log-opts": {"max-size": "1m"}, "dns": []}, [{"log-opts": None}], id="removed by a null"),
    pytest.param({"debug": False}, [{"debug": None}, {"debug": True}], id="removed, then set"),
    pytest.param({"debug": False}, [{"debug": True}, {"debug": None}], id="set, then removed"),
    pytest.param({"debug": False}, [{"debug": None}, {"debug": None}], id="removed twice"),
    pytest.param({"a": {"b": 1}}, [{"a": {"b": 2}}, {"a": None}], id="a key, then all above it"),
    pytest.param({"a": {"b": 1}}, [{"a": None}, {"a": {"c": 2}}], id="all above a key, then another key"),
    pytest.param({"proxies": "p"}, [{"proxies": {"https-proxy": "q"}}], id="a mapping in place of a text"),
    pytest.param({"a": {"b": 1}}, [{"a": "text"}], id="a text in place of a mapping"),
    pytest.param({"a": 0}, [{"a": {"b": {"c": None}}}], id="a null below a value, which RFC 7396 makes a mapping of"),
]


@pytest.mark.parametrize(("document", "patches"), ROUND_TRIPS)
def test_what_others_had_comes_back(document: Document, patches: list[Document]) -> None:
    now = document
    owned: Owned = {}
    former: Former = {}
    for patch in [*patches, {}]:
        arguments = (now, owned, patch, former)
        now, owned, former = desired(*arguments), owned_after(*arguments[:3]), former_after(*arguments)
        assert desired(now, owned, patch, former) == now, "the next run finds nothing to do"
        assert former_after(now, owned, patch, former) == former
        assert decode(Former, json.loads(json.dumps(encode(Former, former)))) == former
    assert (now, owned, former) == (document, {}, {})


@pytest.mark.parametrize(
    ("patch", "then", "stays"),
    [
        pytest.param({"debug": True}, {"debug": 3}, {"debug": 3}, id="another value since"),
        pytest.param({"debug": True}, {}, {}, id="taken out since"),
        pytest.param({"debug": None}, {"debug": 3}, {"debug": 3}, id="what we removed, put there again since"),
        pytest.param({"debug": True}, {"debug": True, "mtu": 1}, {"debug": False, "mtu": 1}, id="a key beside"),
    ],
)
def test_what_somebody_changed_since_stays(patch: Document, then: Document, stays: Document) -> None:
    before: Document = {"debug": False}
    owned, former = owned_after(before, {}, patch), former_after(before, {}, patch)
    assert desired(then, owned, {}, former) == stays
