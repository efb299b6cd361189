# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of daemon.json by version; test_reload.py lists them one by one for three versions."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.keys import (
    FLAGS,
    KEYS,
    NESTED,
    NEWEST,
    known,
    spelled,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import version_of

# What moby/moby's tags have each, compared with the one before: (version, keys that came, keys that went).
HISTORY = [
    ("20.10.24", set(), set()),
    ("23.0.0", {"proxies"}, {"cluster-advertise", "cluster-store", "cluster-store-opts", "graph"}),
    ("23.0.6", set(), set()),
    ("24.0.0", {"default-network-opts"}, {"deprecated-key-path"}),
    ("24.0.9", set(), set()),
    ("25.0.0", {"cdi-spec-dirs", "log-format"}, {"oom-score-adjust"}),
    ("25.0.5", set(), set()),
    ("26.1.5", set(), set()),
    ("27.5.1", set(), set()),
    ("28.0.0", {"bip6", "host-gateway-ips", "ip-forward-no-drop"}, {"api-cors-header"}),
    ("28.1.0", set(), {"allow-nondistributable-artifacts"}),
    ("28.2.0", {"allow-direct-routing"}, set()),
    ("28.5.2", set(), set()),
    ("29.0.0", {"bridge-accept-fwmark", "firewall-backend", "min-api-version"}, set()),
    ("29.2.0", {"nri-opts"}, set()),
    ("29.7.2", {"default-stop-timeout"}, set()),
]


@pytest.mark.parametrize(
    ("older", "newer", "came", "went"),
    [pytest.param(before[0], *after, id=f"{before[0]} to {after[0]}") for before, after in zip(HISTORY, HISTORY[1:])],
)
def test_what_came_and_what_went(older: str, newer: str, came: set[str], went: set[str]) -> None:
    before, after = known(version_of(older)), known(version_of(newer))
    assert after - before == came
    assert before - after == went


def test_the_tables_were_read_up_to_the_last_of_these() -> None:
    assert version_of(HISTORY[-1][0])[:2] == NEWEST
    assert all(max(key.since, key.until) <= NEWEST for key in KEYS.values())


@pytest.mark.parametrize(("version", "count"), [("20.10.24", 84), ("26.1.5", 82), ("28.5.2", 84), ("29.7.2", 89)])
def test_how_many_there_are(version: str, count: int) -> None:
    assert len(known(version_of(version))) == count


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("containerd-plugin-namespace", id="the flag is --containerd-plugins-namespace"),
        pytest.param("default-init", id="no flag"),
        pytest.param("resolv-conf", id="no flag either"),
        pytest.param("swarm-raft-election-tick", id="no flag as well"),
        pytest.param("swarm-raft-heartbeat-tick", id="nor here"),
        pytest.param("http-proxy", id="below proxies"),
        pytest.param("network-host", id="below builder.entitlements"),
        pytest.param("enable", id="below nri-opts"),
        pytest.param("config-file", id="a flag alone"),
    ],
)
def test_a_tag_alone_or_a_flag_alone_makes_no_key(name: str) -> None:
    assert name not in KEYS


def test_flags_are_no_keys_but_mean_some() -> None:
    assert not set(FLAGS) & set(KEYS)
    assert {name.partition(".")[0] for name in FLAGS.values()} - {""} <= set(KEYS)


def test_what_is_gone_says_what_there_is_instead() -> None:
    for name, key in KEYS.items():
        assert bool(key.until) == bool(key.instead), name
        assert not key.ignored or key.until, name
        assert not (key.since and key.until), name


def test_every_table_of_names_below_has_its_place() -> None:
    for parent in NESTED:
        above, dot, name = parent.rpartition(".")
        assert name in (NESTED[above] if dot else KEYS)


@pytest.mark.parametrize(
    ("parent", "name", "meant"),
    [
        pytest.param("features", "cdi", "cdi", id="a feature"),
        pytest.param("features", "CDI", None, id="a feature is a key of a map, as it is"),
        pytest.param("builder", "gc", "gc", id="a field"),
        pytest.param("builder", "GC", "gc", id="a field in any case"),
        pytest.param("builder.gc", "DefaultKeepStorage", "defaultKeepStorage", id="as in Go"),
        pytest.param("builder.gc.policy", "keepDuration", None, id="of Docker's documentation, but in no version"),
        pytest.param("builder.entitlements", "network-host", "network-host", id="a tag"),
        pytest.param("builder.entitlements", "networkHost", None, id="not the field of a tag"),
    ],
)
def test_names_below_are_taken_as_go_takes_them(parent: str, name: str, meant: str | None) -> None:
    assert spelled(parent, name) == meant
