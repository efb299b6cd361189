# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What daemon.json shall hold, and what has to happen for dockerd to run with it. Pure."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.daemon.document import Document
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.reload import needs_restart
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.store import (
    has_containerd_store,
    wants_containerd_store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.merge_patch import Path, leaves, merge, without
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Effect, Effects
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Registry

HUB = "docker.io"


@dataclass(frozen=True)
class DaemonState:
    """daemon.json and the dockerd that runs; *info* is None if it does not answer, *unseen* what it started before."""

    text: t.Optional[str]
    document: Document
    owned: t.Tuple[Path, ...]
    info: t.Optional[t.Mapping[str, t.Any]]
    unseen: Effects


def implied(registries: t.Sequence[Registry]) -> Document:
    """What the table of registries and the wish for several platforms mean for dockerd."""
    table = {each.host: each for each in registries}
    patch: Document = {"features": {"containerd-snapshotter": True}}
    hub = table.get(HUB)
    mirrors = [_url(mirror, table) for mirror in (hub.mirrors if hub else ()) if "/" not in mirror]
    if mirrors:
        patch["registry-mirrors"] = mirrors
    insecure = [each.host for each in registries if each.insecure or each.http]
    if insecure:
        patch["insecure-registries"] = insecure
    return patch


def unusable_mirrors(registries: t.Sequence[Registry]) -> t.Tuple[str, ...]:
    """Notes on mirrors that dockerd cannot use; BuildKit can."""
    notes = []
    for each in registries:
        for mirror in each.mirrors:
            if each.host != HUB:
                notes.append(f"mirror {mirror} of {each.host}: BuildKit uses it, dockerd has mirrors of docker.io only")
            elif "/" in mirror:
                notes.append(f"mirror {mirror} of docker.io: BuildKit uses it, dockerd puts a path before /v2/")
    return tuple(notes)


def _url(mirror: str, table: t.Mapping[str, Registry]) -> str:
    entry = table.get(mirror)
    return f"{'http' if entry is not None and entry.http else 'https'}://{mirror}"


def desired(state: DaemonState, patch: t.Mapping[str, t.Any]) -> Document:
    """The document with *patch*, less what is ours and no longer asked for; everybody else's keys stay."""
    asked = set(leaves(patch))
    dropped = [path for path in state.owned if path not in asked]
    result: Document = merge(without(state.document, dropped), patch)
    return result


def owned_after(state: DaemonState, patch: t.Mapping[str, t.Any]) -> t.Tuple[Path, ...]:
    """The paths that are ours then: what we set, less what somebody else had there and the patch leaves as it is."""
    after = merge(state.document, patch)
    theirs = {
        path for path in leaves(patch) if path not in state.owned and _at(state.document, path) == _at(after, path)
    }
    return tuple(sorted(set(leaves(patch)) - theirs))


def _at(document: t.Any, path: Path) -> t.Any:
    for key in path:
        document = document.get(key) if isinstance(document, t.Mapping) else None
    return document


def changes(before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any]) -> t.Tuple[str, ...]:
    """The differences in words, a line for each key: `features.containerd-snapshotter: absent → true`."""
    paths = sorted({*leaves(before), *leaves(after)})
    return tuple(
        f"{'.'.join(path)}: {_word(_at(before, path))} → {_word(_at(after, path))}"
        for path in paths
        if _at(before, path) != _at(after, path)
    )


def _word(value: t.Any) -> str:
    return "absent" if value is None else json.dumps(value, ensure_ascii=False)


def restart_reasons(state: DaemonState, after: Document, effects: Effects) -> t.Tuple[str, ...]:
    """Why dockerd has to be started anew; empty if it has not: nothing differs, or a reload is enough."""
    cold = needs_restart(state.document, after)
    reasons = [each for each in changes(state.document, after) if each.partition(":")[0].split(".")[0] in cold]
    if Effect.TRUST_STORE_CHANGES in effects | state.unseen:
        reasons.append("the operating system's trust store changed, which dockerd reads once")
    if Effect.CONFIGURATION_CHANGES in state.unseen and not reasons:
        reasons.append("daemon.json changed after dockerd started")
    runs_otherwise = state.info is not None and wants_containerd_store(after) and not has_containerd_store(state.info)
    if runs_otherwise and not reasons:
        reasons.append("dockerd runs without the containerd image store that daemon.json asks for")
    return tuple(reasons)
