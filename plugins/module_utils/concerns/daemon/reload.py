# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys of daemon.json a running dockerd applies at SIGHUP, and whether it did. Pure.

moby/moby, daemon/reload.go, daemon/reload_unix.go and reloadConfig in cmd/dockerd/daemon.go, the same in v26.1.5 and
v28.5.2 except allow-nondistributable-artifacts, which 28.1 ignores; v29.7.2 also supports default-stop-timeout and
nri-opts, which older ones refuse. max-download-attempts changes dockerd's configuration, but is only used at the
start (daemon/images/service.go). network-diagnostic-port is opened by a reload only; its change needs neither.
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

# Applied when set to another value.
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
# Applied when the key is removed, too; the others keep their former value until a restart.
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
# Features that dockerd reads once: the image store and related ones, CDI devices, time namespaces.
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
    """The changed keys that a reload does not apply to a dockerd that runs with *before*.

    Keys that *info* (`docker info`) already shows with that value need none: an explicit default, or a file that was
    changed and restored.
    """
    changed = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
    cold = [key for key in changed if key not in (LIVE if key in after else LIVE_WHEN_REMOVED)]
    cold = [key for key in cold if info is None or not shown.runs_with(key, after.get(key), info)]
    return tuple(cold + (["features"] if _looks_up_others(before, after, info) else []))


def _looks_up_others(
    before: Mapping[str, t.Any], after: Mapping[str, t.Any], info: t.Optional[Mapping[str, t.Any]]
) -> bool:
    """Whether dockerd would have other features after its next start; its current image store is known."""
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
    """The difference between `docker info` and *document*; None if it shows none."""
    if wants_containerd_store(document) and not has_containerd_store(info):
        return f"it runs with the image store {info.get('Driver')} in place of containerd's"
    for key in shown.KEYS:
        found = shown.difference(key, document.get(key), info)
        if found is not None:
            return f"it shows {key} {found[0]} in place of {found[1]}"
    return None
