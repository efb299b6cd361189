# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key of buildkitd.toml takes its kind and refuses others. Origin: moby/buildkit, cmd/buildkitd/config."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.check import KINDS, check_keys
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.keys import (
    BUILDKITD_KEYS,
    Key,
    Named,
    Node,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

# kind: (values that it takes, values that it does not)
VALUES: dict[str, tuple[list[object], list[object]]] = {
    "any": (["x", 1, 1.5, True, ["x"], {"x": {"y": 1}}], [None, [None], {"x": None}, {1: "x"}]),
    "str": (["", "x"], [1, True, ["x"], {}]),
    "bool": ([True, False], ["true", "yes", 1, []]),
    "int": ([0, 5, -1], ["5", 1.5, True, []]),
    "positive int": ([1], [0, -1, "1", True]),
    "strings": ([[], ["a", "b"]], ["a", ["a", 1], {}]),
    "addresses": ([["1.1.1.1", "2606:4700::1111"], []], [["dns.example"], "1.1.1.1", ["1.1.1"], [1]]),
    "duration": (["48h", "1h30m", "1.5h", 3600, "3600", 0, "300ms"], ["2d", "48 h", "h", -1, "", True, 1.5, "٣h"]),
    "disk": (["512MB", "20gb", "1.5GiB", "20 GB", "75%", 0, 1024, "1024", "1k"], ["7.5%", "2X", "1Ki", -1, "", True]),
    "entitlements": ([["network.host", "security.insecure", "device"], []], [["network"], "network.host"]),
    "log format": (["text", "json"], ["xml", 1]),
    "log level": (["debug", "trace"], ["verbose", 1, "DEBUG"]),
}


def leaves(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every (path, kind) of the table; a free key is called x.y, an element 0."""
    if isinstance(node, Key):
        yield from leaves(node.node, path)
    elif isinstance(node, str):
        yield path, node
    elif isinstance(node, Named):
        yield from leaves(node.node, (*path, "x.y"))
    elif isinstance(node, list):
        yield from leaves(node[0], (*path, 0))
    else:
        for key, child in node.items():
            yield from leaves(child, (*path, key))


def nested(path: tuple[str | int, ...], value: object) -> t.Any:
    for key in reversed(path):
        value = [value] if key == 0 else {key: value}
    return value


def problems(config: object, *, removals: bool = False) -> list[str]:
    findings = Findings()
    check_keys(config, "o", findings, removals=removals)
    return [str(problem) for problem in findings.problems]


LEAVES = dict(leaves(BUILDKITD_KEYS))


def test_the_table_and_the_values_of_this_test_know_the_same_kinds() -> None:
    assert set(KINDS) == set(VALUES) == set(LEAVES.values())


def test_well_known_keys_are_in_the_table() -> None:
    known = {".".join(map(str, path)) for path in LEAVES}
    assert len(known) > 90
    assert {"registry.x.y.mirrors", "worker.oci.gcpolicy.0.keepDuration", "frontend.gateway.v0.enabled"} <= known


@pytest.mark.parametrize(
    ("path", "kind"), [pytest.param(path, kind, id=".".join(map(str, path))) for path, kind in LEAVES.items()]
)
def test_each_key_takes_its_kind_and_refuses_others(path: tuple[str | int, ...], kind: str) -> None:
    good, bad = VALUES[kind]
    for value in good:
        assert problems(nested(path, value)) == [], value
    for value in bad:
        assert len(problems(nested(path, value))) == 1, value


@pytest.mark.parametrize(
    ("config", "told"),
    [
        pytest.param({"debgu": True}, "o.debgu: is not a valid key here in buildkitd.toml;", id="top"),
        pytest.param({"debgu": True}, "Did you mean debug?", id="top, suggestion"),
        pytest.param(
            {"worker": {"oci": {"maxusedspace": 1}}}, "o.worker.oci.maxusedspace: is not a valid key", id="case"
        ),
        pytest.param({"worker": {"oci": {"maxusedspace": 1}}}, "Did you mean maxUsedSpace?", id="case, suggestion"),
        pytest.param({"registry": {"a.b:1": {"mirors": []}}}, 'o.registry."a.b:1".mirors: is no', id="registry"),
        pytest.param({"registry": {"a.b:1": {"mirors": []}}}, "Did you mean mirrors?", id="registry, suggestion"),
        pytest.param({"zzz": 1}, "Known: debug, trace, root", id="nothing near: all are named"),
        pytest.param({"registry": []}, "o.registry: is a list, not a table", id="list for table"),
        pytest.param({"log": "info"}, "o.log = 'info': is a string, not a table", id="string for table"),
        pytest.param({"worker": {"oci": {"gcpolicy": {}}}}, "gcpolicy: is a mapping, not a list of tables", id="aot"),
        pytest.param({"worker": {"oci": {"gcpolicy": [{"al": 1}]}}}, "o.worker.oci.gcpolicy[0].al: is", id="in aot"),
        pytest.param({"registry": {5000: {}}}, "o.registry.5000: has a key that is not a string", id="number as key"),
        pytest.param({"registry": {"a.b": {"ca": "/ca.pem"}}}, "ca = '/ca.pem': is a string that", id="ca, a string"),
        pytest.param({"dns": {"nameservers": ["dns.example"]}}, "Write a list of IP addresses", id="remedy"),
        pytest.param({"history": {"maxAge": "2d"}}, "o.history.maxAge = '2d': is a string that buildkitd", id="value"),
    ],
)
def test_what_is_said_about_a_wrong_key(config: object, told: str) -> None:
    assert len(problems(config)) == 1
    assert told in problems(config)[0]


def test_null_removes_only_where_the_options_are_a_patch() -> None:
    patch = {"debug": None, "registry": {"docker.io": None, "a.b": {"mirrors": None}}}
    assert problems(patch, removals=True) == []
    assert len(problems(patch)) == 3
    assert len(problems({"debgu": None}, removals=True)) == 1, "the key is checked all the same"
    assert len(problems({"worker": {"oci": {"gcpolicy": [{"all": None}]}}}, removals=True)) == 1, "not in a list"


def test_all_problems_come_at_once() -> None:
    assert len(problems({"debug": "x", "trace": 1, "log": {"level": "x", "fromat": "y"}})) == 4
