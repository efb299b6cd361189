# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key of buildkitd.toml, the kind of its value and the BuildKit version that introduced it, as data.

Source: moby/buildkit, cmd/buildkitd/config/config.go, util/resolver/config/config.go, cache/remotecache/gha/ghatypes,
at every tag from v0.3.0 to v0.32.2, and master of 2026-08-21, which has no others. buildkitd ignores unknown keys
silently, and older ones ignore newer keys: hence this table.

A node of the table is a kind (a string, see `check.KINDS`), a dict (a table with these keys), a list of
one dict (an array of tables), `Named` (a table whose keys are free) or `Key` (one of these with its versions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version


@dataclass(frozen=True)
class Named:
    """A table with free keys, such as the hosts of ``registry``; each value is a *node*."""

    node: Node


@dataclass(frozen=True)
class Key:
    """A *node* introduced in BuildKit *since*, and replaced by *instead* in *deprecated*."""

    node: Plain
    since: Version = ()
    deprecated: Version = ()
    instead: str = ""


Plain = str | Mapping[str, "Node"] | list[Mapping[str, "Node"]] | Named
Node = Plain | Key

# The newest minor version that this table was read from.
NEWEST: Version = (0, 32)
# Sizes and durations as text, such as "20GB", "75%" and "48h"; before, whole bytes and seconds (types in config.go).
TEXT_SINCE: Version = (0, 12)
# The single limit of the cache was split into three.
LIMITS_SINCE: Version = (0, 17)

_LIMITS: dict[str, Node] = {
    "reservedSpace": Key("disk", LIMITS_SINCE),
    "maxUsedSpace": Key("disk", LIMITS_SINCE),
    "minFreeSpace": Key("disk", LIMITS_SINCE),
}
_WORKER: dict[str, Node] = {
    "enabled": "bool",
    "labels": Named("str"),
    "platforms": "strings",
    "snapshotter": "str",
    "rootless": "bool",
    "gc": Key("bool", (0, 4)),
    "gckeepstorage": Key("disk", (0, 4), LIMITS_SINCE, "reservedSpace, maxUsedSpace or builder_gc"),
    **_LIMITS,
    "gcpolicy": [
        {
            "all": "bool",
            "filters": "strings",
            "keepDuration": "duration",
            "keepBytes": Key("disk", (), LIMITS_SINCE, "reservedSpace, maxUsedSpace or builder_gc"),
            **_LIMITS,
        }
    ],
    "networkMode": Key("str", (0, 6)),
    "cniConfigPath": Key("str", (0, 6)),
    "cniBinaryPath": Key("str", (0, 6)),
    "cniPoolSize": Key("int", (0, 11)),
    "bridgeName": Key("str", (0, 13)),
    "bridgeSubnet": Key("str", (0, 13)),
    "defaultCgroupParent": Key("str", (0, 10)),
    "apparmor-profile": Key("str", (0, 8, 2)),
    "selinux": Key("bool", (0, 10, 6)),
    "max-parallelism": Key("int", (0, 9)),
}
_TLS = (0, 7)
REGISTRY_KEYS: dict[str, Node] = {
    "mirrors": "strings",
    "http": "bool",
    "insecure": Key("bool", _TLS),
    "ca": Key("strings", _TLS),
    "keypair": Key([{"key": "str", "cert": "str"}], _TLS),
    "tlsconfigdir": Key("strings", _TLS),
}
BUILDKITD_KEYS: dict[str, Node] = {
    "debug": Key("bool", (), (0, 30), "log.level"),
    "trace": Key("bool", (0, 12), (0, 30), "log.level"),
    "root": "str",
    "insecure-entitlements": Key("entitlements", (0, 5)),
    "proxyNetwork": Key("bool", (0, 31)),
    "provenanceEnvDir": Key("str", (0, 25)),
    "log": Key({"format": "log format", "level": Key("log level", (0, 30))}, (0, 13)),
    "grpc": {
        "address": "strings",
        "debugAddress": "str",
        "uid": "int",
        "gid": "int",
        "securityDescriptor": Key("str", (0, 13, 2)),
        "tls": {"cert": "str", "key": "str", "ca": "str"},
    },
    "otel": Key({"socketPath": "str"}, (0, 13)),
    "cdi": Key({"disabled": "bool", "specDirs": "strings", "autoAllowed": "strings"}, (0, 20)),
    "dns": Key({"nameservers": "addresses", "options": "strings", "searchDomains": "strings"}, (0, 6)),
    "history": Key({"maxAge": "duration", "maxEntries": "int"}, (0, 11)),
    "system": Key(
        {"platformsCacheMaxAge": "duration", "maxRegistryConcurrency": Key("positive int", (0, 31))}, (0, 14)
    ),
    "frontend": Key(
        {
            "dockerfile.v0": {"enabled": "bool"},
            "gateway.v0": {"enabled": "bool", "allowedRepositories": "strings"},
        },
        (0, 14),
    ),
    "cache": Key(
        {"gha": {"sign": {"command": "strings"}, "verify": {"required": "bool", "policy": Named("any")}}}, (0, 27)
    ),
    "worker": {
        "oci": {
            **_WORKER,
            "noProcessSandbox": Key("bool", (0, 4)),
            "userRemapUnsupported": Key("str", (0, 5)),
            "binary": Key("str", (0, 7)),
            "proxySnapshotterPath": Key("str", (0, 8)),
            "stargzSnapshotter": Key(Named("any"), (0, 8)),
        },
        "containerd": {
            **_WORKER,
            "address": "str",
            "namespace": "str",
            "snapshotter": Key("str", (0, 8)),
            "rootless": Key("bool", (0, 10)),
            "defaultCgroupParent": Key("str", (0, 15)),
            "runtime": Key({"name": "str", "path": "str", "options": Named("any")}, (0, 13)),
        },
    },
    "registry": Named(REGISTRY_KEYS),
}
