# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key of buildkitd.toml and the kind of its value, as data.

Source: moby/buildkit, cmd/buildkitd/config/config.go and util/resolver/config/config.go, v0.32. buildkitd ignores
unknown keys silently, and older ones ignore newer keys: hence this table.

A node of the table is a kind (a string, see `buildkitd_check.KINDS`), a dict (a table with these keys), a list of
one dict (an array of tables) or `Named` (a table whose keys are free).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Named:
    """A table with free keys, such as the hosts of ``registry``; each value is a *node*."""

    node: Node


Node = str | Mapping[str, "Node"] | list[Mapping[str, "Node"]] | Named

_DISK_LIMITS: dict[str, Node] = {
    "reservedSpace": "disk",
    "maxUsedSpace": "disk",
    "minFreeSpace": "disk",
}
_WORKER: dict[str, Node] = {
    "enabled": "bool",
    "labels": Named("str"),
    "platforms": "strings",
    "snapshotter": "str",
    "rootless": "bool",
    "gc": "bool",
    "gckeepstorage": "disk",
    **_DISK_LIMITS,
    "gcpolicy": [
        {
            "all": "bool",
            "filters": "strings",
            "keepDuration": "duration",
            "keepBytes": "disk",
            **_DISK_LIMITS,
        }
    ],
    "networkMode": "str",
    "cniConfigPath": "str",
    "cniBinaryPath": "str",
    "cniPoolSize": "int",
    "bridgeName": "str",
    "bridgeSubnet": "str",
    "defaultCgroupParent": "str",
    "apparmor-profile": "str",
    "selinux": "bool",
    "max-parallelism": "int",
}
REGISTRY_KEYS: dict[str, Node] = {
    "mirrors": "strings",
    "http": "bool",
    "insecure": "bool",
    "ca": "strings",
    "keypair": [{"key": "str", "cert": "str"}],
    "tlsconfigdir": "strings",
}
BUILDKITD_KEYS: dict[str, Node] = {
    "debug": "bool",
    "trace": "bool",
    "root": "str",
    "insecure-entitlements": "entitlements",
    "proxyNetwork": "bool",
    "provenanceEnvDir": "str",
    "log": {"format": "log format", "level": "log level"},
    "grpc": {
        "address": "strings",
        "debugAddress": "str",
        "uid": "int",
        "gid": "int",
        "securityDescriptor": "str",
        "tls": {"cert": "str", "key": "str", "ca": "str"},
    },
    "otel": {"socketPath": "str"},
    "cdi": {"disabled": "bool", "specDirs": "strings", "autoAllowed": "strings"},
    "dns": {"nameservers": "addresses", "options": "strings", "searchDomains": "strings"},
    "history": {"maxAge": "duration", "maxEntries": "int"},
    "system": {"platformsCacheMaxAge": "duration", "maxRegistryConcurrency": "positive int"},
    "frontend": {
        "dockerfile.v0": {"enabled": "bool"},
        "gateway.v0": {"enabled": "bool", "allowedRepositories": "strings"},
    },
    "cache": {
        "gha": {"sign": {"command": "strings"}, "verify": {"required": "bool", "policy": Named("any")}},
    },
    "worker": {
        "oci": {
            **_WORKER,
            "noProcessSandbox": "bool",
            "userRemapUnsupported": "str",
            "binary": "str",
            "proxySnapshotterPath": "str",
            "stargzSnapshotter": Named("any"),
        },
        "containerd": {
            **_WORKER,
            "address": "str",
            "namespace": "str",
            "runtime": {"name": "str", "path": "str", "options": Named("any")},
        },
    },
    "registry": Named(REGISTRY_KEYS),
}
