# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists in daemon.json that may also have foreign entries. Pure.

`insecure-registries` is a set: dockerd looks an address up in all of it, in any order (moby/moby,
registry/config.go, loadInsecureRegistries and isSecureIndex). So each entry has its own owner: managed ones are added
and removed, foreign ones are kept. For the merge such a list is a mapping, {"10.0.0.0/8": true}.

`registry-mirrors`, `dns` and lists in a user's `daemon_options` are ordered, or belong together: they are
replaced as a whole, with a note if that affects foreign entries, and restored later.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.ours import Keys
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import Document
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import leaves
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import (
    Former,
    Owned,
    Patch,
    at,
    desired,
    former_after,
    ours,
    owned_after,
)

SETS = ("insecure-registries",)


def as_mappings(document: t.Mapping[str, t.Any]) -> Document:
    """*document* with a mapping in place of each list that is a set; invalid values are unchanged."""
    return {key: dict.fromkeys(value, True) if _is_set(key, value) else value for key, value in document.items()}


def _is_set(key: str, value: t.Any) -> bool:
    return key in SETS and isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def _as_lists(document: t.Mapping[str, t.Any], before: t.Mapping[str, t.Any]) -> Document:
    """The inverse; a list with the same entries as *before* is kept, including duplicates."""
    found = dict(document)
    for key in SETS:
        if isinstance(found.get(key), t.Mapping):
            same = as_mappings({key: before.get(key)})[key] == found[key]
            found[key] = before[key] if same else list(found[key])
    return found


def merged(document: t.Mapping[str, t.Any], keys: Keys, patch: Patch) -> Document:
    """The desired daemon.json: *document* with *patch* (mappings for sets), without managed entries to remove."""
    keys = _each_entry(keys, document)
    return _as_lists(desired(as_mappings(document), keys.owned, patch, keys.replaced), document)


def keys_after(document: t.Mapping[str, t.Any], keys: Keys, patch: Patch) -> Keys:
    """The managed keys afterwards, and the foreign values that they replace."""
    keys, before = _each_entry(keys, document), as_mappings(document)
    return Keys(
        owned_after(before, keys.owned, patch),
        former_after(before, keys.owned, patch, keys.replaced),
    )


def is_same(one: t.Mapping[str, t.Any], other: t.Mapping[str, t.Any]) -> bool:
    """Whether both are equal for dockerd, as far as sets are concerned."""
    return as_mappings(one) == as_mappings(other)


def _each_entry(keys: Keys, document: t.Mapping[str, t.Any]) -> Keys:
    """*keys* with an owner for each entry of a set.

    An earlier version managed, and replaced, such a list as a whole; a null of the user's still does.
    """
    mine = ours(document, keys.owned)
    owned: t.Dict[t.Tuple[str, ...], t.FrozenSet[str]] = {}
    replaced: t.Dict[t.Tuple[str, ...], t.Any] = {}
    for path, value in keys.replaced.items():
        former = as_mappings({path[0]: value})[path[0]] if len(path) == 1 else None
        if len(path) == 1 and path[0] in SETS and isinstance(former, t.Mapping):
            replaced.update({(path[0], entry): True for entry in former})
        else:
            replaced[path] = value
    for path, values in keys.owned.items():
        if len(path) != 1 or path[0] not in SETS:
            owned[path] = values
        elif path in mine:
            entries = as_mappings({path[0]: document[path[0]]})
            owned.update(_without(owned_after({}, {}, entries), replaced))
    return Keys(owned, replaced)


def _without(owned: Owned, replaced: Former) -> Owned:
    return {path: values for path, values in owned.items() if path not in replaced}


def lost_entries(before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any], keys: Keys) -> t.Tuple[str, ...]:
    """Notes on foreign entries that a managed list replaces."""
    mine, notes = ours(before, keys.owned), []
    for path in leaves(before):
        old, new = at(before, path), at(after, path)
        if path in mine or not isinstance(old, list) or not isinstance(new, list):
            continue
        left = {_spelled(each) for each in new}
        lost = [json.dumps(each, ensure_ascii=False) for each in old if _spelled(each) not in left]
        if lost:
            notes.append(
                f"{'.'.join(path)} of daemon.json is replaced as a whole: {', '.join(lost)} (not managed) is removed, "
                "and restored when the managed list is removed"
            )
    return tuple(notes)


def _spelled(entry: t.Any) -> str:
    """A mirror with and without a trailing slash is the same (moby/moby, registry/config.go, ValidateMirror)."""
    return entry.rstrip("/") if isinstance(entry, str) else json.dumps(entry, sort_keys=True)
