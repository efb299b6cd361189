# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON merge patch (RFC 7396), and what a patch owns. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

Path = t.Tuple[str, ...]


def merge(target: t.Any, patch: t.Any) -> t.Any:
    """*patch* merged into *target*: mappings merge, null removes, others replace. Keys keep the order of *target*."""
    if not isinstance(patch, Mapping):
        return patch
    merged: t.Dict[str, t.Any] = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def compose(first: Mapping[str, t.Any], second: Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    """One patch equivalent to *first* followed by *second*; the nulls of *second* are kept, to remove keys.

    A patch cannot express that a mapping of *second* replaces a value or null of *first*: it merges with the document.
    """
    composed = dict(first)
    for key, value in second.items():
        former = composed.get(key)
        both = isinstance(former, Mapping) and isinstance(value, Mapping)
        composed[key] = compose(former, value) if both else value  # type: ignore[arg-type]
    return composed


def leaves(patch: Mapping[str, t.Any], above: Path = ()) -> t.Tuple[Path, ...]:
    """The paths that *patch* sets; a null sets nothing, and an empty mapping is a leaf."""
    found: t.List[Path] = []
    for key, value in patch.items():
        if isinstance(value, Mapping) and value:
            found += leaves(value, (*above, key))
        elif value is not None:
            found.append((*above, key))
    return tuple(found)


def nulls(patch: Mapping[str, t.Any], above: Path = ()) -> t.Tuple[Path, ...]:
    """The paths that *patch* removes."""
    found: t.List[Path] = []
    for key, value in patch.items():
        if isinstance(value, Mapping):
            found += nulls(value, (*above, key))
        elif value is None:
            found.append((*above, key))
    return tuple(found)


def placed(document: Mapping[str, t.Any], path: Path, value: t.Any) -> t.Dict[str, t.Any]:
    """*document* with *value* at *path*; unchanged if a value that is not a mapping is in the way."""
    key, below = path[0], path[1:]
    if not below:
        return {**document, key: value}
    child = document.get(key, {})
    return {**document, key: placed(child, below, value) if isinstance(child, Mapping) else child}


def without(document: Mapping[str, t.Any], paths: t.Iterable[Path]) -> t.Dict[str, t.Any]:
    """*document* without the values at *paths*; a mapping that becomes empty is removed too."""
    remaining = dict(document)
    for path in paths:
        remaining = _without(remaining, path)
    return remaining


def _without(document: Mapping[str, t.Any], path: Path) -> t.Dict[str, t.Any]:
    remaining = dict(document)
    key, below = path[0], path[1:]
    if not below:
        remaining.pop(key, None)
    elif isinstance(remaining.get(key), Mapping):
        child = _without(remaining[key], below)
        if child or not remaining[key]:
            remaining[key] = child
        else:
            del remaining[key]
    return remaining
