# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notations of daemon.json, with what `docker info` shows of each: a table for the unit tests, and for dockerd itself.

Each is taken by dockerd 26.1.5, 28.5.2 and 29.7.2, which tests/hosts/test_shown.py asks.
"""

from __future__ import annotations

import typing as t


def info(**shown: t.Any) -> dict[str, t.Any]:
    """As dockerd with an empty daemon.json answers, and *shown*; recorded with 26.1.5, 28.5.2 and 29.7.2."""
    config = {
        "IndexConfigs": {"docker.io": {"Name": "docker.io", "Mirrors": [], "Secure": True, "Official": True}},
        "InsecureRegistryCIDRs": ["::1/128", "127.0.0.0/8"],
        "Mirrors": shown.pop("Mirrors", None),
    }
    config["InsecureRegistryCIDRs"] += shown.pop("networks", [])
    config["IndexConfigs"].update({name: {"Name": name, "Secure": False} for name in shown.pop("insecure", [])})
    plain = {
        "Labels": [],
        "Debug": False,
        "LiveRestoreEnabled": False,
        "ExperimentalBuild": False,
        "DefaultRuntime": "runc",
        "LoggingDriver": "json-file",
        "DockerRootDir": "/var/lib/docker",
        "HttpProxy": "",
        "HttpsProxy": "",
        "NoProxy": "",
    }
    return {**plain, "RegistryConfig": config, **shown}


class Notation(t.NamedTuple):
    """*value* of *key*, and what is *shown* of it, as arguments of info()."""

    told: str
    key: str
    value: t.Any
    shown: dict[str, t.Any]


POOL = {"base": "10.10.0.0/16", "size": 24}
A, B = "https://a/", "https://b/"
MIRRORS, INSECURE, POOLS = "registry-mirrors", "insecure-registries", "default-address-pools"

NOTATIONS = (
    Notation("any order", "labels", ["env=prod", "region=eu"], {"Labels": ["region=eu", "env=prod"]}),
    Notation("twice", "labels", ["a=b", "a=b"], {"Labels": ["a=b"]}),
    Notation("empty, and more than one sign", "labels", ["a=", "b=c=d"], {"Labels": ["b=c=d", "a="]}),
    Notation("spaces stay", "labels", [" a=b", "c =d "], {"Labels": ["c =d ", " a=b"]}),
    Notation("no key", "labels", ["=x"], {"Labels": ["=x"]}),
    Notation("none", "labels", [], {"Labels": None}),
    Notation("slash", MIRRORS, ["https://a", "https://b/"], {"Mirrors": [A, B]}),
    Notation("a mirror twice", MIRRORS, ["https://a", "https://a/"], {"Mirrors": [A]}),
    Notation("one slash of two", MIRRORS, ["https://a//"], {"Mirrors": ["https://a//"]}),
    Notation("capitals stay", MIRRORS, ["HTTPS://A", "http://a:5000"], {"Mirrors": ["HTTPS://A/", "http://a:5000/"]}),
    Notation("a path", MIRRORS, ["https://a/x", "https://[::1]:1"], {"Mirrors": ["https://a/x/", "https://[::1]:1/"]}),
    Notation("an empty query", MIRRORS, ["https://a/?"], {"Mirrors": ["https://a/?/"]}),
    Notation("no mirror", MIRRORS, [], {"Mirrors": None}),
    Notation("bits of a host", INSECURE, ["192.168.1.10/24"], {"networks": ["192.168.1.0/24"]}),
    Notation("the same of IPv6", INSECURE, ["FD00:0::1/64"], {"networks": ["fd00::/64"]}),
    Notation("IPv4 in IPv6, up to 28", INSECURE, ["::ffff:10.0.0.1/104"], {"networks": ["10.0.0.0/8"]}),
    Notation("the same, since 29", INSECURE, ["::ffff:10.0.0.1/104"], {"networks": ["::ffff:10.0.0.0/104"]}),
    Notation("a scheme", INSECURE, ["HTTP://a:5000", "b"], {"insecure": ["a:5000", "b"]}),
    Notation("a network with a scheme", INSECURE, ["https://10.0.0.1/8"], {"networks": ["10.0.0.0/8"]}),
    Notation("twice, and others", INSECURE, ["b", "b"], {"insecure": ["b", "of-others"]}),
    Notation("capitals", INSECURE, ["A.B:5000", "[::1]:5000"], {"insecure": ["A.B:5000", "[::1]:5000"]}),
    Notation("Docker Hub is never insecure", INSECURE, ["docker.io"], {}),
    Notation("its other name is", INSECURE, ["index.docker.io"], {"insecure": ["index.docker.io"]}),
    Notation("what is so by itself", INSECURE, ["127.0.0.1/8", "::1/128"], {}),
    Notation("all", INSECURE, ["0.0.0.0/0", "::/0"], {"networks": ["0.0.0.0/0", "::/0"]}),
    Notation("one address", INSECURE, ["10.1.2.3/32", "a"], {"networks": ["10.1.2.3/32"], "insecure": ["a"]}),
    Notation("pool", POOLS, [POOL], {"DefaultAddressPools": [{"Base": "10.10.0.0/16", "Size": 24}]}),
    Notation(
        "bits of a host, in capitals",
        POOLS,
        [{"Base": "10.10.1.0/16", "Size": 24}],
        {"DefaultAddressPools": [{"Base": "10.10.1.0/16", "Size": 24}]},
    ),
    Notation(
        "their order",
        POOLS,
        [{"base": "10.11.0.0/16", "size": 24}, {"base": "FD00:0::/48", "size": 64}],
        {"DefaultAddressPools": [{"Base": "10.11.0.0/16", "Size": 24}, {"Base": "fd00::/48", "Size": 64}]},
    ),
    Notation(
        "credentials are masked",
        "proxies",
        {"http-proxy": "http://me:word@Proxy:3128", "no-proxy": "a,b"},
        {"HttpProxy": "http://xxxxx:xxxxx@Proxy:3128", "NoProxy": "a,b"},
    ),
    Notation(
        "a name alone, and another scheme",
        "proxies",
        {"http-proxy": "http://me@p:1", "https-proxy": "socks5://p:2", "no-proxy": "a, b"},
        {"HttpProxy": "http://xxxxx:xxxxx@p:1", "HttpsProxy": "socks5://p:2", "NoProxy": "a, b"},
    ),
    Notation("IPv6", "proxies", {"http-proxy": "http://u:p%40w@[::1]:1"}, {"HttpProxy": "http://xxxxx:xxxxx@[::1]:1"}),
    Notation("no scheme", "proxies", {"http-proxy": "p:1"}, {"HttpProxy": "p:1"}),
    Notation("yes", "debug", True, {"Debug": True}),
    Notation("no", "debug", False, {}),
    Notation("yes", "live-restore", True, {"LiveRestoreEnabled": True}),
    Notation("no", "live-restore", False, {}),
    Notation("yes", "experimental", True, {"ExperimentalBuild": True}),
    Notation("no", "experimental", False, {}),
    Notation("the default", "default-runtime", "", {}),
    Notation("the same, said", "default-runtime", "runc", {}),
    Notation("another", "default-runtime", "io.containerd.runc.v2", {"DefaultRuntime": "io.containerd.runc.v2"}),
    Notation("the default", "log-driver", "", {}),
    Notation("the same, said", "log-driver", "json-file", {}),
    Notation("another", "log-driver", "local", {"LoggingDriver": "local"}),
    Notation("none", "log-driver", "none", {"LoggingDriver": "none"}),
)
# Of each key what none of its notations means.
OTHERS: dict[str, t.Any] = {
    "labels": ["another=one"],
    MIRRORS: ["https://another"],
    INSECURE: ["another"],
    POOLS: [{"base": "10.99.0.0/16", "size": 25}],
    "proxies": {"http-proxy": "http://another:9"},
    "default-runtime": "another",
    "log-driver": "another",
}


def other(notation: Notation) -> t.Any:
    """Another value of the same key."""
    return not notation.value if isinstance(notation.value, bool) else OTHERS[notation.key]
