# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A document that others write too: what it shall hold, what of it is ours, and what differs, in words. Pure."""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.json_document import Document
from ansible_collections.multiarch.builders.plugins.module_utils.merge_patch import Path, leaves, merge, without

Patch = t.Mapping[str, t.Any]
Owned = t.Mapping[Path, t.FrozenSet[str]]
"""The keys that we set, each with the digests of the values that we gave it: with another value it is another's."""


def ours(document: t.Mapping[str, t.Any], owned: Owned) -> t.Set[Path]:
    """The paths of *owned* that still have a value of ours."""
    return {path for path, values in owned.items() if _digest(_at(document, path)) in values}


def desired(document: t.Mapping[str, t.Any], owned: Owned, patch: Patch) -> Document:
    """*document* with *patch*, less what is ours and no longer asked for; everybody else's keys stay."""
    dropped = sorted(ours(document, owned) - set(leaves(patch)))
    result: Document = merge(without(document, dropped), patch)
    return result


def owned_after(document: t.Mapping[str, t.Any], owned: Owned, patch: Patch) -> Owned:
    """What is ours then: what we set, less what somebody else had there and the patch leaves as it is."""
    before = ours(document, owned)
    after = merge(document, patch)
    return {
        path: frozenset({_digest(_at(after, path))})
        for path in leaves(patch)
        if path in before or _at(document, path) != _at(after, path)
    }


def both(one: Owned, other: Owned) -> Owned:
    """What is ours in either of two states, as long as it is not known which one holds."""
    return {path: one.get(path, frozenset()) | other.get(path, frozenset()) for path in {*one, *other}}


def to_record(owned: Owned) -> t.List[t.Dict[str, t.List[str]]]:
    """*owned* as JSON can hold it."""
    return [{"path": list(path), "values": sorted(values)} for path, values in sorted(owned.items())]


def from_record(found: t.Iterable[t.Mapping[str, t.Sequence[str]]]) -> Owned:
    """The opposite."""
    return {tuple(each["path"]): frozenset(each["values"]) for each in found}


def _digest(value: t.Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def changes(before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any]) -> t.Tuple[str, ...]:
    """The differences in words, a line for each key: `features.containerd-snapshotter: absent → true`."""
    paths = sorted({*leaves(before), *leaves(after)})
    return tuple(
        f"{'.'.join(path)}: {_word(_at(before, path))} → {_word(_at(after, path))}"
        for path in paths
        if _at(before, path) != _at(after, path)
    )


def _at(document: t.Any, path: Path) -> t.Any:
    for key in path:
        document = document.get(key) if isinstance(document, t.Mapping) else None
    return document


def _word(value: t.Any) -> str:
    return "absent" if value is None else json.dumps(value, ensure_ascii=False)
