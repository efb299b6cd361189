# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders to which names of loopback mean something else than the host's own."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.own_network import check_loopback
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

LOCAL = {"host": "localhost:5443", "mirrors": []}
HOST = {"network": "host"}
CONTAINER = "b[0]: for the builder, localhost:5443 is its own container, not this host: set"
MACHINE = "b[0]: for the builder, localhost:5443 is the machine of each node, not this host: use a"
ELSEWHERE = "b[0]: for the builder, localhost:5443 is where its buildkitd runs, not this host: use"


@pytest.mark.parametrize(
    ("instance", "warned"),
    [
        pytest.param({}, CONTAINER, id="as it comes"),
        pytest.param({"driver_opts": {"network": "ci"}}, CONTAINER, id="a network with a name"),
        pytest.param({"driver_opts": HOST}, "", id="the host's"),
        pytest.param({"nodes": [{"endpoint": "", "driver_opts": HOST}]}, "", id="the host's, by its node"),
        pytest.param({"driver_opts": HOST, "nodes": [{"driver_opts": {"network": "ci"}}]}, CONTAINER, id="a node"),
        pytest.param({"nodes": [{"driver_opts": HOST}, {}]}, CONTAINER, id="one of two nodes not"),
        pytest.param({"driver_opts": HOST, "nodes": [{}, {"endpoint": "ssh://a.b"}]}, MACHINE, id="a node elsewhere"),
        pytest.param({"driver": "remote", "nodes": [{"endpoint": "tcp://a.b:1"}]}, ELSEWHERE, id="remote"),
        pytest.param({"driver": "kubernetes", "driver_opts": {}}, ELSEWHERE, id="kubernetes"),
    ],
)
def test_check_loopback(instance: dict[str, t.Any], warned: str) -> None:
    findings = Findings()
    check_loopback([instance], [{"host": "a.b", "mirrors": []}, LOCAL], "b", findings)
    assert findings.problems == []
    assert [text[: len(warned)] for text in findings.warnings] == ([warned] if warned else [])


@pytest.mark.parametrize(
    ("registries", "names"),
    [
        pytest.param([], "", id="none"),
        pytest.param([{"host": "a.b", "mirrors": ["m.b/x"]}], "", id="others"),
        pytest.param([{"host": "127.0.0.1:5", "mirrors": [], "http": True}], "127.0.0.1:5", id="without TLS, too"),
        pytest.param([{"host": "r.localhost", "mirrors": []}], "r.localhost", id="below localhost"),
        pytest.param(
            [{"host": "docker.io", "mirrors": ["[::1]:5000/hub", "localhost"]}, {"host": "localhost", "mirrors": []}],
            "[::1]:5000, localhost",
            id="mirrors, each once",
        ),
    ],
)
def test_which_names(registries: list[dict[str, t.Any]], names: str) -> None:
    findings = Findings()
    check_loopback([{}, {"driver_opts": HOST}], registries, "b", findings)
    told = [text.partition(" is its own container")[0] for text in findings.warnings]
    assert told == ([f"b[0]: for the builder, {names}"] if names else [])
