# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A document that others write too: what it shall hold, what of it is ours, and what differs, in words. Pure."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.json_document import Document
from ansible_collections.multiarch.builders.plugins.module_utils.merge_patch import Path, leaves, merge, without

Patch = t.Mapping[str, t.Any]


def desired(document: t.Mapping[str, t.Any], owned: t.Iterable[Path], patch: Patch) -> Document:
    """*document* with *patch*, less what is ours (*owned*) and no longer asked for; everybody else's keys stay."""
    asked = set(leaves(patch))
    dropped = [path for path in owned if path not in asked]
    result: Document = merge(without(document, dropped), patch)
    return result


def owned_after(document: t.Mapping[str, t.Any], owned: t.Iterable[Path], patch: Patch) -> t.Tuple[Path, ...]:
    """The paths that are ours then: what we set, less what somebody else had there and the patch leaves as it is."""
    ours = set(owned)
    after = merge(document, patch)
    theirs = {path for path in leaves(patch) if path not in ours and _at(document, path) == _at(after, path)}
    return tuple(sorted(set(leaves(patch)) - theirs))


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
