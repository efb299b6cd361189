# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents that others write too: what is merged, what is ours, and what comes back."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import lists
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.ours import Keys
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import Document, parse, render
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import (
    compose,
    leaves,
    merge,
    nulls,
    without,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import (
    Former,
    Owned,
    at,
    changes,
    desired,
    former_after,
    owned_after,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.typed_json import decode, encode
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.properties.strategies import documents, encodable, json_values, patches, text


def as_the_rfc_says(target: t.Any, patch: t.Any) -> t.Any:
    """RFC 7396, section 2, word by word."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            if name in result:
                del result[name]
        else:
            result[name] = as_the_rfc_says(result.get(name), value)
    return result


@given(json_values, json_values)
def test_merge_is_that_of_the_rfc(target: object, patch: object) -> None:
    assert merge(target, patch) == as_the_rfc_says(target, patch)


@given(documents, patches)
def test_a_patch_that_was_merged_has_nothing_more_to_do(document: Document, patch: Document) -> None:
    once = merge(document, patch)
    assert merge(once, patch) == once
    assert all(at(once, path) == at(patch, path) for path in leaves(patch) if at(patch, path) != {})
    assert all(at(once, path) is None for path in nulls(patch))


def mappings_meet(first: t.Any, second: t.Any) -> bool:
    """Whether no mapping of *second* comes where *first* has a value or a null: then no one patch could do both."""
    return all(
        mappings_meet(first[key], value) if isinstance(first[key], dict) else not isinstance(value, dict)
        for key, value in second.items()
        if key in first
        if isinstance(value, dict)
    )


@given(documents, patches, patches)
def test_a_composed_patch_does_what_both_do(document: Document, first: Document, second: Document) -> None:
    assume(mappings_meet(first, second))
    assert merge(document, compose(first, second)) == merge(merge(document, first), second)


@given(documents)
def test_without_its_leaves_a_document_is_empty(document: Document) -> None:
    assert without(document, leaves(document)) == {}


@given(st.dictionaries(encodable, json_values, max_size=5), st.sampled_from(["", "    ", "\t", " "]), st.booleans())
def test_a_document_reads_back_as_it_was_written(document: Document, indent: str, ended: bool) -> None:
    former = f'{{\n{indent}"a": 1\n}}' + ("\n" if ended else "")
    written = render(document, former)
    assert parse(written, "f") == document
    assert render(document, written) == written, "in the style that it has"
    written.encode()


@given(st.dictionaries(text.filter(lambda each: len(each) < 400), text, max_size=3))
def test_what_python_can_read_can_be_written_again(document: Document) -> None:
    """Also half a surrogate, which a JSON file can have as an escape."""
    found = parse(json.dumps(document), "f")
    written = render(found, None)
    written.encode()
    assert parse(written, "f") == found


@given(text | st.text(st.sampled_from('{}[]":,\\ \n01nulatrefsNI-.eE'), max_size=40))
def test_any_text_is_a_document_or_clearly_none(content: str) -> None:
    try:
        found = parse(content, "/etc/docker/daemon.json")
    except HostError as exc:
        assert str(exc).startswith("/etc/docker/daemon.json ")
        assert "not changed" in str(exc)
    else:
        assert isinstance(found, dict)
        assert found == ({} if not content.strip() else json.loads(content))


Steps = list[Document]


@given(documents, st.lists(patches, min_size=1, max_size=4))
def test_what_others_had_is_there_again_in_the_end(document: Document, asked: Steps) -> None:
    now = document
    owned: Owned = {}
    former: Former = {}
    for patch in asked:
        arguments = (now, owned, patch, former)
        now, owned, former = desired(*arguments), owned_after(*arguments[:3]), former_after(*arguments)
        assert merge(now, patch) == now, "it has what was asked"
        assert desired(now, owned, patch, former) == now, "the next run finds nothing to do"
        assert decode(Owned, json.loads(json.dumps(encode(Owned, owned)))) == owned
        assert decode(Former, json.loads(json.dumps(encode(Former, former)))) == former
    retired = desired(now, owned, {}, former)
    assert without_empty(retired) == without_empty(document)


def without_empty(value: t.Any) -> t.Any:
    """*value* less its empty mappings: one that we filled is not told from one that we made."""
    if not isinstance(value, dict):
        return value
    found = {key: without_empty(each) for key, each in value.items()}
    return {key: each for key, each in found.items() if each != {}}


@given(documents, documents)
def test_changes_are_told_if_there_are_any(before: Document, after: Document) -> None:
    assert bool(changes(before, after)) == (before != after)


ENTRIES = st.lists(st.sampled_from(["10.0.0.0/8", "a.b", "c.d:5000", "e"]), max_size=4)


@given(ENTRIES, st.lists(st.none() | ENTRIES.map(lambda each: list(dict.fromkeys(each))), min_size=1, max_size=4))
def test_a_set_keeps_the_entries_of_others_and_loses_all_of_ours(
    theirs: list[str], asked: list[list[str] | None]
) -> None:
    before: Document = {"insecure-registries": theirs} if theirs else {}
    now, keys = before, Keys({})
    for entries in asked:
        patch = lists.as_mappings({} if entries == [] else {"insecure-registries": entries})
        now, keys = lists.merged(now, keys, patch), lists.keys_after(now, keys, patch)
        found = now.get("insecure-registries", [])
        assert set(found) == (set() if entries is None else {*theirs, *entries})
        assert lists.merged(now, keys, patch) == now, "the next run finds nothing to do"
    assert lists.is_same(lists.merged(now, keys, {}), before)
