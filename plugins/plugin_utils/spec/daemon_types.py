# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Types of the keys of daemon.json: dockerd does not start with others, and before 23.0 cannot validate them.

Tried with --validate of dockerd 26.1.5, 28.5.2 and 29.7.2, each key with values of each type of JSON; the three agree.
`restart` and keys that are gone take anything. moby/moby, daemon/config/config.go and config_linux.go. Pure.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, type_name

BOOL, NUMBER, STRING = "true or false", "a whole number", "a string"
_TYPES = {bool: BOOL, int: NUMBER, str: STRING}

_KEYS = {
    BOOL: """
        allow-direct-routing cri-containerd debug default-init experimental icc init ip-forward ip-forward-no-drop
        ip-masq ip6tables iptables ipv6 live-restore no-new-privileges raw-logs rootless selinux-enabled tls tlsverify
        userland-proxy
    """,
    NUMBER: """
        cpu-rt-period cpu-rt-runtime default-stop-timeout max-concurrent-downloads max-concurrent-uploads
        max-download-attempts mtu network-control-plane-mtu network-diagnostic-port oom-score-adjust shutdown-timeout
    """,
    STRING: """
        bip bip6 bridge bridge-accept-fwmark cgroup-parent containerd containerd-namespace data-root
        default-cgroupns-mode default-gateway default-gateway-v6 default-ipc-mode default-runtime default-shm-size
        exec-root firewall-backend fixed-cidr fixed-cidr-v6 group host-gateway-ip init-path ip log-driver log-format
        log-level metrics-addr min-api-version pidfile resolv-conf seccomp-profile storage-driver
        swarm-default-advertise-addr tlscacert tlscert tlskey userland-proxy-path userns-remap
    """,
    "a list of strings": """
        allow-nondistributable-artifacts authorization-plugins cdi-spec-dirs dns dns-opts dns-search exec-opts
        host-gateway-ips hosts insecure-registries labels node-generic-resources registry-mirrors storage-opts
    """,
    "a list of mappings": "default-address-pools",
    "a mapping of strings": "log-opts",
    "a mapping of true or false": "features",
    "a mapping of mappings": "default-network-opts default-ulimits runtimes",
    "a mapping": "builder nri-opts proxies",
}
TYPES: Mapping[str, str] = {key: kind for kind, keys in _KEYS.items() for key in keys.split()}


def check_types(options: Mapping[object, object], variable: str, findings: Findings) -> None:
    """Report values of a type that dockerd does not accept; null, which removes a key, is always valid."""
    for key, value in options.items():
        wanted = TYPES.get(str(key))
        if wanted is None or value is None:
            continue
        for path, found, needed in _wrong(value, wanted):
            message = f"is {_name(found)}, but dockerd requires {needed} there: it would not start"
            findings.problem(f"{variable}.{key}{path}", _shown(found), message, _remedy(found, needed))


def _wrong(value: object, wanted: str) -> t.Iterator[tuple[str, object, str]]:
    """(path below the key, value, what is needed there) of what is of another type."""
    outer, _of, inner = wanted.partition(" of ")
    if outer == "a list":
        if not isinstance(value, list):
            yield "", value, wanted
        for index, each in enumerate(value if isinstance(value, list) else ()):
            if not _fits(each, inner):
                yield f"[{index}]", each, inner
    elif outer == "a mapping":
        if not isinstance(value, Mapping):
            yield "", value, wanted
        for name, each in value.items() if isinstance(value, Mapping) and inner else ():
            if each is not None and not _fits(each, inner):
                yield f".{name}", each, inner
    elif _TYPES.get(type(value)) != wanted:
        yield "", value, wanted


def _fits(value: object, inner: str) -> bool:
    return {
        "strings": isinstance(value, str),
        "mappings": isinstance(value, Mapping),
        BOOL: isinstance(value, bool),
    }[inner]


def _name(value: object) -> str:
    return _TYPES.get(type(value)) or type_name(value)


def _shown(value: object) -> object:
    return value if isinstance(value, (bool, int, float, str)) else None


def _remedy(value: object, needed: str) -> str:
    if needed in (STRING, "strings") and isinstance(value, (bool, int, float)):
        return f"Write it in quotes: '{json.dumps(value)}'"
    if needed in (BOOL, NUMBER) and isinstance(value, str):
        return "Write it without quotes; in a template, add `| bool` or `| int`"
    if needed.startswith("a list") and isinstance(value, str):
        return f"Write it as a list: [{value}]"
    return "See Docker's reference of daemon.json for the format"
