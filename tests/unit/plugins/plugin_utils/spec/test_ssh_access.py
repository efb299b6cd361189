# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes for ssh keys of ours: from variables to endpoints, and to those who log in."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import Context, Inventory, normalise
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.ssh_access import (
    check_options,
    clients_by_node,
    let_in,
    nodes_of,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

NOW = datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC)
HOSTS: dict[str, dict[str, object]] = {
    "scheduler": {},
    "arm-1": {"ansible_host": "198.51.100.31", "ansible_user": "ops", "ansible_port": 2222},
    "arm-2": {"ansible_host": "2001:db8::34"},
    "odd": {"ansible_user": "a+b"},
}


def run(node: dict[str, Any], driver: str = "docker-container") -> tuple[dict[str, Any], list[str]]:
    findings = Findings()
    context = Context("multiarch", driver, Inventory("scheduler", HOSTS.get), lambda _path: b"", NOW, keys=True)
    (found,) = normalise([node], "n", context, findings)
    return found, [str(problem) for problem in findings.problems]


@pytest.mark.parametrize(
    ("node", "endpoint", "ssh"),
    [
        pytest.param(
            {"host": "arm-1"},
            "ssh://ops@arm-1.multiarch-builders",
            {"host": "arm-1", "address": "198.51.100.31", "login": "ops", "port": 2222},
            id="as the inventory has it",
        ),
        pytest.param(
            {"host": "arm-2", "user": "ci"},
            "ssh://ci@arm-2.multiarch-builders",
            {"host": "arm-2", "address": "2001:db8::34", "login": "ci", "port": 22},
            id="as the node says",
        ),
        pytest.param({"host": "scheduler"}, "", None, id="the host itself"),
        pytest.param({"endpoint": "ssh://ci@elsewhere"}, "ssh://ci@elsewhere", None, id="no host of the inventory"),
    ],
)
def test_a_host_of_the_inventory_has_a_name_of_ours(node: dict[str, Any], endpoint: str, ssh: object) -> None:
    found, problems = run(node)
    assert (found["endpoint"], found.get("ssh"), problems) == (endpoint, ssh, [])


@pytest.mark.parametrize(
    ("node", "told"),
    [
        pytest.param({"host": "arm-2"}, "needs a login for builder_ssh_keys", id="nobody to log in as"),
        pytest.param({"host": "odd"}, "is not a valid user name", id="a name that no user has"),
        pytest.param({"host": "nowhere"}, "is not a host of the inventory", id="unknown"),
        pytest.param({"host": "arm-1", "ssh": {}}, "is internal", id="internal"),
    ],
)
def test_problems(node: dict[str, Any], told: str) -> None:
    (problem,) = run(node)[1]
    assert told in problem


@pytest.mark.parametrize(
    ("text", "found", "problem"),
    [
        ("2026-11-29", "2026-11-29T00:00:00Z", ""),
        ("2026-11-29T12:00:00+02:00", "2026-11-29T10:00:00Z", ""),
        ("2026-12-29", "2026-12-29T00:00:00Z", "is in the future"),
        ("yesterday", "yesterday", "is not a time"),
    ],
)
def test_the_time_of_a_renewal(text: str, found: str, problem: str) -> None:
    findings = Findings()
    assert check_options({"renew_before": text}, "o", findings, NOW) == {"renew_before": found}
    assert problem in " ".join(map(str, findings.problems))
    assert bool(findings.problems) is bool(problem)


def test_internal_options_are_not_for_users() -> None:
    findings = Findings()
    check_options({"clients": [], "nodes": {}}, "o", findings, NOW)
    assert [each.variable for each in findings.problems] == ["o.nodes", "o.clients"]


ARM = {"host": "arm-1", "address": "198.51.100.31", "login": "ops", "port": 22}
SCHEDULER: dict[str, Any] = {
    "ssh_keys": True,
    "concerns": ["buildx"],
    "users": ["ci", "root"],
    "instances": [{"nodes": [{"ssh": ARM}, {"endpoint": ""}]}, {"nodes": [{"ssh": ARM}]}],
}


def test_who_logs_in_where() -> None:
    found = clients_by_node({"ci-1": SCHEDULER, "arm-1": {"ssh_keys": False, "instances": SCHEDULER["instances"]}})
    names = [{"scheduler": "ci-1", "user": user, "login": "ops"} for user in ("ci", "root")]
    assert found == {"arm-1": names}
    assert let_in(names, ["ci-9"]) == {"clients": names, "settled": ["ci-1", "ci-9"]}


@pytest.mark.parametrize("changed", [{"ssh_keys": False}, {"concerns": ["engine"]}, {"instances": []}])
def test_a_host_that_schedules_nothing_has_no_nodes(changed: dict[str, Any]) -> None:
    assert nodes_of({**SCHEDULER, **changed}) == []
    assert nodes_of(SCHEDULER) == [ARM]
