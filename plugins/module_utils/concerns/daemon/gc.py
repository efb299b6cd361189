# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""builder.gc of daemon.json: garbage collection in dockerd's own BuildKit. Pure.

moby/moby, builder/builder-next/controller.go (getGCPolicy) and worker/gc.go, daemon/config/builder.go, at v20.10.24,
v26.1.5, v28.0.0, v28.5.2 and v29.7.2. It is off up to 28.1 unless enabled. With a policy, the default sizes are ignored
since 28.0. dockerd does not start with sizes in per cent, which --validate does not detect.
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.keys import NESTED
from ansible_collections.multiarch.builders.plugins.module_utils.model.gc import Gc
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import Document
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version, text_of, version_of

_PARENT = "builder.gc"
_LIMITS_SINCE: Version = NESTED[_PARENT]["defaultMaxUsedSpace"]


def gc_keys(gc: Gc, engine: t.Optional[str], document: t.Mapping[str, t.Any]) -> Document:
    """builder.gc as a patch for dockerd of that version; if it is unknown (None), the value in *document* is kept.

    All of builder.gc is one setting: foreign keys would be combined with it, and are removed (null).
    """
    if not gc.asked:
        return {}
    version = version_of(engine or "")
    if not version:
        builder = document.get("builder")
        present = builder.get("gc") if isinstance(builder, t.Mapping) else None
        return dict(present) if isinstance(present, t.Mapping) else {}
    found: Document = {"enabled": not gc.off}
    if not gc.off and not _percentages(gc):
        found.update(_sizes(gc, version) if gc.unused_for is None else {"policy": _policy(gc, version)})
    return {**dict.fromkeys(NESTED[_PARENT]), **found}


def gc_notes(gc: Gc, engine: t.Optional[str]) -> t.Tuple[str, ...]:
    """What dockerd of that version does not support of it; the builders do."""
    version = version_of(engine or "")
    if gc.off or not version:
        return ()
    if _percentages(gc):
        return (
            f"builder_gc: dockerd does not support sizes in per cent ({', '.join(_percentages(gc))}), so its own "
            "BuildKit collects garbage by its defaults; builders apply the setting",
        )
    if gc.free is not None and version < _LIMITS_SINCE:
        since = text_of(_LIMITS_SINCE)
        return (
            f"builder_gc.free: the BuildKit inside dockerd {engine} does not support it (since {since}); builders do",
        )
    return ()


def _percentages(gc: Gc) -> t.Tuple[str, ...]:
    return tuple(size for size in gc.sizes.values() if size.endswith("%"))


def _sizes(gc: Gc, version: Version) -> Document:
    if version < _LIMITS_SINCE:
        return {"defaultKeepStorage": gc.limit} if gc.limit else {}
    return {f"default{name[:1].upper()}{name[1:]}": size for name, size in gc.sizes.items()}


def _policy(gc: Gc, version: Version) -> t.List[Document]:
    """Entries unused for long are pruned first, whatever the cache's size; then as in the defaults, with these sizes.

    The defaults' rule for cache mounts and build sources cannot be expressed in daemon.json: a filter takes only one
    type. Up to 28.5 it matches nothing anyway (its filter requires all of them at once).
    """
    old = version < _LIMITS_SINCE
    kept: Document = {"reservedSpace": gc.keep} if gc.keep else {}
    if old:
        kept = {"keepStorage": gc.keep or "0"}  # it is required; 0 is no limit
    limits: Document = {"keepStorage": gc.limit} if old else dict(gc.sizes)
    return [{"filter": [f"unused-for={gc.unused_for}"], **kept}, limits, {"all": True, **limits}]
