# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker's default network, by daemon.json and by what dockerd answers."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.default_network import of_engine
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import (
    DefaultNetwork,
    of_document,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

NO_NETWORK, NO_FORWARDING, NO_MASQUERADE = "no network at all", "ip_forward is 0", "not masqueraded"


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({}, ""),
        ({"bridge": "none"}, NO_NETWORK),
        ({"bridge": "none", "iptables": False}, NO_NETWORK),
        ({"iptables": False}, NO_MASQUERADE),
        ({"ip-masq": False}, NO_MASQUERADE),
        ({"ip-forward": False}, NO_FORWARDING),
        ({"ip-forward": False, "iptables": False}, NO_FORWARDING),
        ({"bridge": "br0", "iptables": True, "ip-masq": True, "ip-forward": True}, ""),
        ({"ip6tables": False, "icc": False, "firewall-backend": "nftables", "ip-forward-no-drop": True}, ""),
        ({"default-network-opts": {"bridge": {"com.docker.network.bridge.enable_ip_masquerade": "false"}}}, ""),
        ({"iptables": None, "bridge": ""}, ""),
    ],
    ids=str,
)
def test_what_a_dockerd_that_starts_with_it_makes(document: dict[str, t.Any], fault: str) -> None:
    found = of_document(document).fault
    assert fault in found
    assert bool(fault) == bool(found)


@pytest.mark.parametrize(
    ("bridge", "kernel", "found"),
    [
        pytest.param({"enable_ip_masquerade": "true"}, "1\n", DefaultNetwork(), id="as by default"),
        pytest.param(None, "1\n", DefaultNetwork(there=False), id="bridge: none"),
        pytest.param({"enable_ip_masquerade": "false"}, "1\n", DefaultNetwork(masqueraded=False), id="iptables: false"),
        pytest.param({"enable_ip_masquerade": "true"}, "0\n", DefaultNetwork(forwarded=False), id="a hardened kernel"),
        pytest.param({}, None, DefaultNetwork(), id="nothing is said"),
    ],
)
def test_what_the_dockerd_that_runs_has(
    bridge: dict[str, str] | None,
    kernel: str | None,
    found: DefaultNetwork,
    dockerd: DockerdStandIn,
    docker: Docker,
    tmp_path: Path,
) -> None:
    if kernel is not None:
        folder = tmp_path / "proc/sys/net/ipv4"
        folder.mkdir(parents=True)
        (folder / "ip_forward").write_text(kernel)
    options = {f"com.docker.network.bridge.{name}": value for name, value in (bridge or {}).items()}
    answer = as_json({"message": "network bridge not found"}, 404) if bridge is None else as_json({"Options": options})
    dockerd.answers = {"GET /networks/bridge": answer}
    assert of_engine(docker) == found
