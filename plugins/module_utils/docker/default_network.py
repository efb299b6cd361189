# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Observes docker's default network on this host."""

from __future__ import annotations

from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import DefaultNetwork

_FORWARDING = "/proc/sys/net/ipv4/ip_forward"
_MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"


def of_engine(docker: Docker) -> DefaultNetwork:
    """The network of the dockerd that runs, whatever its file or flags say. Raises HostError."""
    found = docker.find("/networks/bridge")
    options = (found or {}).get("Options") or {}
    return DefaultNetwork(
        there=found is not None,
        masqueraded=options.get(_MASQUERADE) != "false",
        forwarded=kernel_forwards(),
    )


def kernel_forwards() -> bool:
    """Whether the host forwards packets between its networks; True if unknown."""
    return (look.text(_FORWARDING) or "").strip() != "0"
