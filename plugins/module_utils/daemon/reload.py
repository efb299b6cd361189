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

from ansible_collections.multiarch.builders.plugins.module_utils.daemon.insecure import as_shown
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.store import (
    STORE_FEATURE,
    has_containerd_store,
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


def needs_restart(before: Mapping[str, t.Any], after: Mapping[str, t.Any]) -> t.Tuple[str, ...]:
    """The changed keys that a reload does not bring to a dockerd that runs with *before*."""
    changed = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
    cold = [key for key in changed if key not in (LIVE if key in after else LIVE_WHEN_REMOVED)]
    return tuple(cold + (["features"] if _features_at_start(before) != _features_at_start(after) else []))


def _features_at_start(document: Mapping[str, t.Any]) -> t.Tuple[t.Any, ...]:
    features = document.get("features")
    return tuple(features.get(name) if isinstance(features, Mapping) else None for name in _FEATURES_AT_START)


def shortfall(document: Mapping[str, t.Any], info: Mapping[str, t.Any]) -> t.Optional[str]:
    """What `docker info` shows otherwise than *document* asks; None if it shows no difference."""
    if wants_containerd_store(document) and not has_containerd_store(info):
        return f"it runs with the image store {info.get('Driver')} in place of containerd's"
    shown = info.get("RegistryConfig") or {}
    insecure = {name for name, index in (shown.get("IndexConfigs") or {}).items() if not index.get("Secure", True)}
    insecure.update(shown.get("InsecureRegistryCIDRs") or ())
    pairs = {
        "registry-mirrors": [each.rstrip("/") for each in shown.get("Mirrors") or ()],
        "labels": list(info.get("Labels") or ()),
        "debug": info.get("Debug"),
        "live-restore": info.get("LiveRestoreEnabled"),
        "default-runtime": info.get("DefaultRuntime"),
    }
    for key, actual in pairs.items():
        wanted = document.get(key)
        if key == "registry-mirrors" and wanted is not None:
            wanted = [each.rstrip("/") for each in wanted]
        if wanted is not None and wanted != actual:
            return f"it shows {key} {actual} in place of {wanted}"
    asked = {as_shown(each) for each in document.get("insecure-registries") or ()}
    missing = asked - insecure
    return f"it does not show {', '.join(sorted(missing))} as insecure" if missing else None
