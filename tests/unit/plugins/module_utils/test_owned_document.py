# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A document that others write too: what it becomes, what of it is ours, and what differs, in words."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.merge_patch import Path
from ansible_collections.multiarch.builders.plugins.module_utils.owned_document import changes, desired, owned_after

Document = dict[str, t.Any]
SNAPSHOTTER = {"features": {"containerd-snapshotter": True}}


# (document, owned, patch, document then, owned then)
DOCUMENTS = [
    pytest.param({}, (), SNAPSHOTTER, SNAPSHOTTER, (("features", "containerd-snapshotter"),), id="new file"),
    pytest.param(
        {"log-driver": "local", "features": {"cdi": True}},
        (),
        SNAPSHOTTER,
        {"log-driver": "local", "features": {"cdi": True, "containerd-snapshotter": True}},
        (("features", "containerd-snapshotter"),),
        id="everybody else's keys stay",
    ),
    pytest.param(SNAPSHOTTER, (), SNAPSHOTTER, SNAPSHOTTER, (), id="set by somebody else already: theirs"),
    pytest.param({"debug": False}, (), {"debug": True}, {"debug": True}, (("debug",),), id="changed by us: ours"),
    pytest.param({"debug": True}, (("debug",),), {"debug": True}, {"debug": True}, (("debug",),), id="ours, stays"),
    pytest.param({"debug": False}, (("debug",),), {"debug": True}, {"debug": True}, (("debug",),), id="drifted"),
    pytest.param({"debug": True}, (("debug",),), {}, {}, (), id="ours, no longer asked for"),
    pytest.param({"debug": True}, (), {}, {"debug": True}, (), id="theirs, never asked for"),
    pytest.param({"debug": True, "dns": []}, (), {"debug": None}, {"dns": []}, (), id="a null removes theirs"),
    pytest.param(
        {"features": {"a": True, "b": True}},
        (("features", "a"),),
        {},
        {"features": {"b": True}},
        (),
        id="ours goes, their neighbour stays",
    ),
    pytest.param(
        {"registry-mirrors": ["https://a"]},
        (("registry-mirrors",),),
        {"registry-mirrors": ["https://b"]},
        {"registry-mirrors": ["https://b"]},
        (("registry-mirrors",),),
        id="a list is replaced whole",
    ),
    pytest.param(
        {"proxies": {"http-proxy": "p"}},
        (("proxies", "http-proxy"),),
        {"proxies": {"https-proxy": "q"}},
        {"proxies": {"https-proxy": "q"}},
        (("proxies", "https-proxy"),),
        id="one key of a mapping for another",
    ),
    pytest.param({"debug": True}, (("dns",),), {}, {"debug": True}, (), id="ours, gone by another hand"),
    pytest.param(
        {"proxies": "p"},
        (),
        {"proxies": {"https-proxy": "q"}},
        {"proxies": {"https-proxy": "q"}},
        (("proxies", "https-proxy"),),
        id="a mapping in place of their text",
    ),
    pytest.param(
        {"auths": {"a.example": {"auth": "x"}}, "credsStore": "pass"},
        (("credHelpers", "b.example"),),
        {"credHelpers": {"b.example": "gcr", "c.d": "ecr-login"}},
        {
            "auths": {"a.example": {"auth": "x"}},
            "credsStore": "pass",
            "credHelpers": {"b.example": "gcr", "c.d": "ecr-login"},
        },
        (("credHelpers", "b.example"), ("credHelpers", "c.d")),
        id="keys with dots",
    ),
    pytest.param({}, (), {"log-opts": {}}, {"log-opts": {}}, (("log-opts",),), id="an empty mapping of ours"),
    pytest.param(
        {"log-opts": {"max-size": "10m"}},
        (),
        {"log-opts": {}},
        {"log-opts": {"max-size": "10m"}},
        (),
        id="an empty mapping changes nothing of theirs, so it stays theirs",
    ),
]


@pytest.mark.parametrize(("document", "owned", "patch", "then", "owned_then"), DOCUMENTS)
def test_the_document_then(
    document: Document, owned: tuple[Path, ...], patch: Document, then: Document, owned_then: tuple[Path, ...]
) -> None:
    assert desired(document, owned, patch) == then
    assert owned_after(document, owned, patch) == owned_then
    # the next run finds nothing to do
    assert desired(then, owned_then, patch) == then
    assert owned_after(then, owned_then, patch) == owned_then


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
    after, owned = desired(document, (), patch), owned_after(document, (), patch)
    assert desired(after, owned, {}) == document


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
    assert changes(before, after) == told


def test_what_was_read_is_not_changed() -> None:
    document, patch = {"a": {"b": 1}, "c": [1]}, {"a": {"b": None, "d": 2}, "c": [2]}
    before = copy.deepcopy((document, patch))
    desired(document, (("a", "b"),), patch)
    assert (document, patch) == before
