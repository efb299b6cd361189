# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys of daemon.json a running dockerd takes over at SIGHUP, and whether it did. Pure.

moby/moby, daemon/reload.go, daemon/reload_unix.go and reloadConfig in cmd/dockerd/daemon.go, the same in v26.1.5 and
v28.5.2 but for allow-nondistributable-artifacts, which 28.1 ignores; v29.7.2 knows default-stop-timeout and nri-opts
too, which an older dockerd refuses. max-download-attempts gets into dockerd's configuration, which nothing reads but
the start (daemon/images/service.go). network-diagnostic-port is opened by a reload alone; another port by neither.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import shown
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.store import (
    STORE_FEATURE,
    has_containerd_store,
    switches,
    wants_containerd_store,
)

# Taken over when set to another value.
LIVE = frozenset(
    {
        "allow-nondistributable-artifacts",
        "authorization-plugins",
        "debug",
        "default-cgroupns-mode",
        "default-ipc-mode",
        "default-runtime",
        "default-shm-size",
        "default-stop-timeout",
        "features",
        "insecure-registries",
        "labels",
        "live-restore",
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "network-diagnostic-port",
        "nri-opts",
        "registry-mirrors",
        "runtimes",
        "shutdown-timeout",
    }
)
# Taken over when the key goes, too; the others keep their former value until a restart.
LIVE_WHEN_REMOVED = frozenset(
    {
        "authorization-plugins",
        "features",
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "network-diagnostic-port",
        "nri-opts",
    }
)
# What dockerd looks up in features once: the image store and its like, devices of CDI, time namespaces.
_FEATURES_AT_START = (
    STORE_FEATURE,
    "cdi",
    "containerd-migration",
    "embedded-containerd",
    "time-namespaces",
)


def needs_restart(
    before: Mapping[str, t.Any], after: Mapping[str, t.Any], info: t.Optional[Mapping[str, t.Any]] = None
) -> t.Tuple[str, ...]:
    """The changed keys that a reload does not bring to a dockerd that runs with *before*.

    What *info* (`docker info`) shows to be so already needs none: it is a default that is said, or a file that was
    changed and put back.
    """
    changed = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
    cold = [key for key in changed if key not in (LIVE if key in after else LIVE_WHEN_REMOVED)]
    cold = [key for key in cold if info is None or not shown.runs_with(key, after.get(key), info)]
    return tuple(cold + (["features"] if _looks_up_others(before, after, info) else []))


def _looks_up_others(
    before: Mapping[str, t.Any], after: Mapping[str, t.Any], info: t.Optional[Mapping[str, t.Any]]
) -> bool:
    """Whether dockerd would find other features at its next start; of the image store it shows which one it has."""
    one, other = _features_at_start(before), _features_at_start(after)
    if info is None:
        return one != other
    same = {name for name in one if name != STORE_FEATURE and one[name] == other[name]}
    changed = one[STORE_FEATURE] != other[STORE_FEATURE] and switches(after, info)
    return changed or len(same) < len(one) - 1


def _features_at_start(document: Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    features = document.get("features")
    return {name: features.get(name) if isinstance(features, Mapping) else None for name in _FEATURES_AT_START}


def shortfall(document: Mapping[str, t.Any], info: Mapping[str, t.Any]) -> t.Optional[str]:
    """What `docker info` shows otherwise than *document* asks; None if it shows no difference."""
    if wants_containerd_store(document) and not has_containerd_store(info):
        return f"it runs with the image store {info.get('Driver')} in place of containerd's"
    for key in shown.KEYS:
        found = shown.difference(key, document.get(key), info)
        if found is not None:
            return f"it shows {key} {found[0]} in place of {found[1]}"
    return None
