# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of daemon.json on Linux, and which versions of dockerd read them. Pure data.

moby/moby, daemon/config/{config,config_linux,builder}.go (before 23.0 config_unix.go and config_common_unix.go) and
registry/config.go, at every release from v20.10.0 to docker-v29.7.2, and master of 2026-08-23, which has no others.
A key needs a json tag, or nothing reads it, and a flag
of its name (or one with that name in the file, `opts.NamedOption`), or dockerd refuses it. These have a tag and
no flag: containerd-plugin-namespace, default-init, resolv-conf, swarm-raft-election-tick, swarm-raft-heartbeat-tick.
`restart` has no tag, but a flag for yes and no takes its value from the file.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version

# The newest minor version that these tables were read from.
NEWEST: Version = (29, 7)


@dataclass(frozen=True)
class Key:
    """*since* is the first version that reads it, () is 20.10 or older; *until* the first that no longer does."""

    since: Version = ()
    until: Version = ()
    instead: str = ""  # its replacement
    ignored: bool = False  # once removed, dockerd ignores it instead of refusing it

    def known_to(self, engine: Version) -> bool:
        """Whether that version reads the key."""
        return self.since <= engine and not self.gone_in(engine)

    def gone_in(self, engine: Version) -> bool:
        """Whether that version no longer reads the key."""
        return bool(self.until) and self.until <= engine


_ALWAYS = """
authorization-plugins bip bridge builder cgroup-parent containerd containerd-namespace cpu-rt-period cpu-rt-runtime
cri-containerd data-root debug default-address-pools default-cgroupns-mode default-gateway default-gateway-v6
default-ipc-mode default-runtime default-shm-size default-ulimits dns dns-opts dns-search exec-opts exec-root
experimental features fixed-cidr fixed-cidr-v6 group host-gateway-ip hosts icc init init-path insecure-registries ip
ip-forward ip-masq ip6tables iptables ipv6 labels live-restore log-driver log-level log-opts max-concurrent-downloads
max-concurrent-uploads max-download-attempts metrics-addr mtu network-control-plane-mtu network-diagnostic-port
no-new-privileges node-generic-resources pidfile raw-logs registry-mirrors restart rootless runtimes seccomp-profile
selinux-enabled shutdown-timeout storage-driver storage-opts swarm-default-advertise-addr tls tlscacert tlscert tlskey
tlsverify userland-proxy userland-proxy-path userns-remap
"""
_CLUSTER = Key(until=(23, 0), instead="swarm mode needs no key-value store")
KEYS: t.Mapping[str, Key] = {
    **{name: Key() for name in _ALWAYS.split()},
    "allow-direct-routing": Key(since=(28, 2)),
    "allow-nondistributable-artifacts": Key(until=(28, 1), instead="such layers are always pushed", ignored=True),
    "api-cors-header": Key(until=(28, 0), instead="a reverse proxy can send CORS headers"),
    "bip6": Key(since=(28, 0)),
    "bridge-accept-fwmark": Key(since=(29, 0)),
    "cdi-spec-dirs": Key(since=(25, 0)),
    "cluster-advertise": _CLUSTER,
    "cluster-store": _CLUSTER,
    "cluster-store-opts": _CLUSTER,
    "default-network-opts": Key(since=(24, 0)),
    "default-stop-timeout": Key(since=(29, 7)),
    "deprecated-key-path": Key(until=(24, 0), instead="nothing reads it", ignored=True),
    "firewall-backend": Key(since=(29, 0)),
    "graph": Key(until=(23, 0), instead="`data-root` replaces it"),
    "host-gateway-ips": Key(since=(28, 0)),
    "ip-forward-no-drop": Key(since=(28, 0)),
    "log-format": Key(since=(25, 0)),
    "min-api-version": Key(since=(29, 0)),
    "nri-opts": Key(since=(29, 2)),
    "oom-score-adjust": Key(until=(25, 0), instead="OOMScoreAdjust= in a drop-in for docker.service replaces it"),
    "proxies": Key(since=(23, 0)),
}

# Names of flags, and their keys in the file ("" is none). dockerd silently accepts such a name in daemon.json, but
# ignores it (tried with --validate of 26.1.5 and 28.5.2).
FLAGS: t.Mapping[str, str] = {
    "add-runtime": "runtimes",
    "authorization-plugin": "authorization-plugins",
    "cdi-spec-dir": "cdi-spec-dirs",
    "containerd-plugins-namespace": "",
    "default-address-pool": "default-address-pools",
    "default-network-opt": "default-network-opts",
    "default-ulimit": "default-ulimits",
    "dns-opt": "dns-opts",
    "exec-opt": "exec-opts",
    "host": "hosts",
    "http-proxy": "proxies.http-proxy",
    "https-proxy": "proxies.https-proxy",
    "insecure-registry": "insecure-registries",
    "label": "labels",
    "log-opt": "log-opts",
    "no-proxy": "proxies.no-proxy",
    "node-generic-resource": "node-generic-resources",
    "registry-mirror": "registry-mirrors",
    "storage-opt": "storage-opts",
}

# Below these keys dockerd ignores unknown names (tried with --validate of 26.1.5 and 28.5.2). The names that it reads
# there, and since when. Go ignores the case of names below `builder`, but not of features.
NESTED: t.Mapping[str, t.Mapping[str, Version]] = {
    "features": {
        "buildkit": (),
        "cdi": (25, 0),
        "containerd-migration": (29, 0),
        "containerd-snapshotter": (24, 0),
        "embedded-containerd": (29, 7),
        "swarm-nftables": (29, 6),
        "time-namespaces": (29, 5),
        "windows-dns-proxy": (26, 1),
    },
    "builder": {"gc": (), "entitlements": (), "history": (24, 0)},
    "builder.gc": {
        "enabled": (),
        "policy": (),
        "defaultKeepStorage": (),
        "defaultReservedSpace": (28, 0),
        "defaultMaxUsedSpace": (28, 0),
        "defaultMinFreeSpace": (28, 0),
    },
    "builder.gc.policy": {
        "all": (),
        "filter": (),
        "keepStorage": (),
        "reservedSpace": (28, 0),
        "maxUsedSpace": (28, 0),
        "minFreeSpace": (28, 0),
    },
    "builder.entitlements": {"network-host": (), "security-insecure": (), "device": (29, 0)},
    "builder.history": {"maxAge": (), "maxEntries": ()},
}


def known(engine: Version) -> t.FrozenSet[str]:
    """The top-level keys that this version reads."""
    return frozenset(name for name, key in KEYS.items() if key.known_to(engine))


def spelled(parent: str, name: str) -> t.Optional[str]:
    """The name below *parent* that dockerd takes *name* for, None if it takes it for none."""
    names = NESTED[parent]
    if parent == "features":
        return name if name in names else None
    return next((each for each in names if each.lower() == name.lower()), None)
