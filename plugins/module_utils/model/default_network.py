# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker's default network, `bridge`, which builder containers use unless their options name another.

Kubernetes nodes and hardened hosts switch parts of it off. The effect of each setting on a container there (moby/moby,
daemon/container_operations.go and daemon_unix.go; tried with 26.1.5, 28.5.2 and 29.7.2):

| daemon.json, or a flag of dockerd | the container | seen in |
| --- | --- | --- |
| `bridge: none` | has no network, and never gets one: `NetworkDisabled` is kept | no network `bridge` |
| `iptables: false` | gets no replies from outside, also in user-defined networks | `enable_ip_masquerade` is false |
| `ip-masq: false` | the same, except in user-defined networks | `enable_ip_masquerade` is false |
| `ip-forward: false` | reaches nothing where the kernel does not forward by itself | net.ipv4.ip_forward is 0 |
| `ip6tables`, `icc`, `firewall-backend`, `default-network-opts` | is not affected | |

With `network: host` all of them work.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

REMEDY = "set `driver_opts: {network: host}` for it in builder_instances"
STARTED_WITHOUT = "has no network, as it was started while docker has no default network"


@dataclass(frozen=True)
class DefaultNetwork:
    """Whether it exists, whether docker masquerades containers' addresses, whether the kernel forwards packets.

    As an effect, it describes dockerd's next start.
    """

    there: bool = True
    masqueraded: bool = True
    forwarded: bool = True

    @property
    def fault(self) -> str:
        """Why its containers cannot reach other hosts; "" if they can."""
        if not self.there:
            return "docker has no default network (`bridge: none`), so its container gets no network at all"
        if not self.forwarded:
            return "the kernel does not forward packets of docker's default network (net.ipv4.ip_forward is 0)"
        if not self.masqueraded:
            return (
                "docker's default network is not masqueraded (`iptables: false` or `ip-masq: false`), so its "
                "containers get replies from outside only if this host's own firewall or routes provide for that"
            )
        return ""


def of_document(document: t.Mapping[str, t.Any]) -> DefaultNetwork:
    """The network as a dockerd that starts with this daemon.json creates it."""
    return DefaultNetwork(
        there=document.get("bridge") != "none",
        masqueraded=document.get("iptables") is not False and document.get("ip-masq") is not False,
        forwarded=document.get("ip-forward") is not False,  # dockerd turns it on
    )
