# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A document shared with other writers: its desired content, which keys are managed, and what differs. Pure.

Foreign values that a managed key replaces or removes are remembered, and restored when the key is no longer wanted.
"""

from __future__ import annotations

import hashlib
import json
import types
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import Document
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import (
    Path,
    leaves,
    merge,
    nulls,
    placed,
    without,
)

Patch = t.Mapping[str, t.Any]
Owned = t.Mapping[Path, t.FrozenSet[str]]
"""The managed keys, each with the digests of the values that we set: a key with any other value is foreign."""
Former = t.Mapping[Path, t.Any]
"""The foreign values in the places that we set or removed."""
NO_FORMER: Former = types.MappingProxyType({})


def ours(document: t.Mapping[str, t.Any], owned: Owned) -> t.Set[Path]:
    """The paths of *owned* that still have a value of ours."""
    return {path for path, values in owned.items() if _digest(at(document, path)) in values}


def desired(document: t.Mapping[str, t.Any], owned: Owned, patch: Patch, former: Former = NO_FORMER) -> Document:
    """*document* with *patch*, and with managed keys that are no longer wanted restored; foreign keys are kept."""
    result: Document = merge(_restored(document, owned, patch, former), patch)
    return result


def _restored(document: t.Mapping[str, t.Any], owned: Owned, patch: Patch, former: Former) -> Document:
    dropped = ours(document, owned) - set(leaves(patch))
    result = without(document, sorted(dropped))
    for path, value in sorted(former.items()):
        left_to_us = path in dropped or (path not in owned and _is_nothing(at(result, path)))
        if left_to_us and not _touches(patch, path):
            result = placed(result, path, value)
    return result


def _is_nothing(value: t.Any) -> bool:
    """Whether there is no value; empty mappings are what a null below leaves of a value."""
    return value is None or (isinstance(value, t.Mapping) and all(map(_is_nothing, value.values())))


def _touches(patch: Patch, path: Path) -> bool:
    return any(each[: len(path)] == path for each in (*leaves(patch), *nulls(patch)))


def owned_after(document: t.Mapping[str, t.Any], owned: Owned, patch: Patch) -> Owned:
    """The managed keys afterwards: what we set, except foreign values that the patch does not change."""
    before = ours(document, owned)
    after = merge(document, patch)
    return {
        path: frozenset({_digest(at(after, path))})
        for path in leaves(patch)
        if path in before or at(document, path) != at(after, path)
    }


def former_after(document: t.Mapping[str, t.Any], owned: Owned, patch: Patch, former: Former = NO_FORMER) -> Former:
    """The foreign values afterwards: the current value of each key that was not managed yet."""
    before = ours(document, owned)
    base, theirs = _restored(document, owned, patch, former), without(document, sorted(before))
    found = {
        path: value
        for path, value in former.items()
        if _touches(patch, path) and (path in before or (path not in owned and _is_nothing(at(theirs, path))))
    }
    after = merge(base, patch)
    for path in (*leaves(patch), *nulls(patch)):
        place = _in_the_way(base, path)
        value = at(base, place)
        if place not in found and place not in before and value is not None and value != at(after, place):
            found[place] = value
    return found


def _in_the_way(document: t.Mapping[str, t.Any], path: Path) -> Path:
    """*path*, or the closest parent that is not a mapping."""
    for length in range(1, len(path)):
        value = at(document, path[:length])
        if value is not None and not isinstance(value, t.Mapping):
            return path[:length]
    return path


def both(one: Owned, other: Owned) -> Owned:
    """The keys that are managed in either of two states, while it is not known which one holds."""
    return {path: one.get(path, frozenset()) | other.get(path, frozenset()) for path in {*one, *other}}


def _digest(value: t.Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Change:
    """One key of a document: its value *before* and *after*, None if there is none."""

    path: Path
    before: t.Any
    after: t.Any

    @property
    def key(self) -> str:
        """The path in dotted form: `features.containerd-snapshotter`."""
        return ".".join(self.path)

    def __str__(self) -> str:
        return f"{self.key}: {_word(self.before)} → {_word(self.after)}"


def changes(before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any]) -> t.Tuple[Change, ...]:
    """The differences, key by key."""
    found = (Change(path, at(before, path), at(after, path)) for path in sorted({*leaves(before), *leaves(after)}))
    return tuple(each for each in found if each.before != each.after)


def at(document: t.Any, path: Path) -> t.Any:
    """The value at *path*, None if there is none."""
    for key in path:
        document = document.get(key) if isinstance(document, t.Mapping) else None
    return document


def _word(value: t.Any) -> str:
    return "absent" if value is None else json.dumps(value, ensure_ascii=False)
