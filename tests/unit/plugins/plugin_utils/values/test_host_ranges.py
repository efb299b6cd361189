# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of many hosts, as Ansible's inventories write them."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_ranges import names


@pytest.mark.parametrize(
    ("hosts", "told"),
    [
        pytest.param(["ci"], "ci", id="no number"),
        pytest.param(["ci-1"], "ci-1", id="one"),
        pytest.param([f"ci-{number}" for number in range(1, 41)], "ci-[1:40]", id="forty"),
        pytest.param(["ci-8", "ci-9", "ci-10", "ci-12"], "ci-[8:10], ci-12", id="a gap"),
        pytest.param(["ci-08", "ci-09", "ci-10"], "ci-[08:10]", id="padded"),
        pytest.param(["ci-09", "ci-010"], "ci-09, ci-010", id="padded in two ways"),
        pytest.param(
            ["a1.example.com", "a2.example.com", "b3.example.com"], "a[1:2].example.com, b3.example.com", id="DNS"
        ),
        pytest.param(["10.0.0.8", "10.0.0.9"], "10.0.0.[8:9]", id="addresses"),
        pytest.param(list("abcdefghij"), "a, b, c, d, e, f, g, h and others (10 hosts)", id="too many"),
    ],
)
def test_names(hosts: list[str], told: str) -> None:
    assert names(hosts) == told
