# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker's default network, looked at: what of it this host has."""

from __future__ import annotations

from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import DefaultNetwork

_FORWARDING = "/proc/sys/net/ipv4/ip_forward"
_MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"


def of_engine(docker: Docker) -> DefaultNetwork:
    """As the dockerd that runs on this host has it, whatever its file or its flags say. Raises HostError."""
    found = docker.find("/networks/bridge")
    options = (found or {}).get("Options") or {}
    return DefaultNetwork(
        there=found is not None,
        masqueraded=options.get(_MASQUERADE) != "false",
        forwarded=kernel_forwards(),
    )


def kernel_forwards() -> bool:
    """Whether packets from one of the host's networks go on to another; True where that cannot be seen."""
    return (look.text(_FORWARDING) or "").strip() != "0"
