# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image store of dockerd: graph driver or containerd's. Pure.

https://docs.docker.com/engine/storage/containerd/ ; chosen at dockerd's start. Since 29.0 containerd's is the default
on a host without graph driver images (moby/moby, daemon/image_store_choice.go); before, the feature enables it.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version, version_of

STORE_FEATURE = "containerd-snapshotter"
CONTAINERD_STORE = "io.containerd.snapshotter.v1"
_SINCE: Version = (24, 0)
_DEFAULT_SINCE = 29


def _asked(document: Mapping[str, t.Any]) -> t.Optional[bool]:
    features = document.get("features")
    found = features.get(STORE_FEATURE) if isinstance(features, Mapping) else None
    return found if isinstance(found, bool) else None


def knows_containerd_store(engine: t.Optional[str]) -> bool:
    """Whether dockerd of that version has the containerd image store; an unknown version (None) may have it."""
    version = version_of(engine or "")
    return not version or version >= _SINCE


def refusals(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Tuple[str, ...]:
    """Why dockerd of that version cannot apply *document*."""
    if knows_containerd_store(engine) or not wants_containerd_store(document):
        return ()
    return (
        f"features.{STORE_FEATURE} is true in builder_daemon_options or daemon.json, but Docker {engine} has no "
        "containerd image store, which came with 24.0: install newer packages, or set builder_daemon_options: "
        f"{{features: {{{STORE_FEATURE}: null}}}}",
    )


def notes(patch: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Tuple[str, ...]:
    """A note that the store, which *patch* enables where it exists, is omitted."""
    if knows_containerd_store(engine) or not wants_containerd_store(patch):
        return ()
    return (
        f"Docker {engine} has no containerd image store (since 24.0), so features.{STORE_FEATURE} is left out: "
        "builders build and push all platforms as elsewhere, but dockerd itself keeps one platform of an image",
    )


def wants_containerd_store(document: Mapping[str, t.Any]) -> bool:
    """Whether *document* enables the containerd image store."""
    return _asked(document) is True


def has_containerd_store(info: Mapping[str, t.Any]) -> bool:
    """Whether dockerd uses it now, by `docker info`."""
    return any(CONTAINERD_STORE in " ".join(map(str, row)) for row in info.get("DriverStatus") or ())


def switches(document: Mapping[str, t.Any], info: Mapping[str, t.Any]) -> bool:
    """Whether dockerd, started with *document*, would switch to the other store."""
    asked, has = _asked(document), has_containerd_store(info)
    if asked is None:
        major = str(info.get("ServerVersion", "")).partition(".")[0]
        asked = has if major.isdigit() and int(major) >= _DEFAULT_SINCE else False
    return asked is not has
