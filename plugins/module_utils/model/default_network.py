# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker's default network, `bridge`, which a builder's container is in unless its options name another.

Kubernetes nodes and hardened hosts switch parts of it off. What each setting does to a container there (moby/moby,
daemon/container_operations.go and daemon_unix.go; tried with 26.1.5, 28.5.2 and 29.7.2):

| daemon.json, or a flag of dockerd | the container | seen in |
| --- | --- | --- |
| `bridge: none` | has no network, and gets none later: its `NetworkDisabled` stays | no network `bridge` |
| `iptables: false` | gets no answer from outside, in a network of its own neither | `enable_ip_masquerade` is false |
| `ip-masq: false` | the same, but for networks of its own | `enable_ip_masquerade` is false |
| `ip-forward: false` | reaches nothing where the kernel does not forward by itself | net.ipv4.ip_forward is 0 |
| `ip6tables`, `icc`, `firewall-backend`, `default-network-opts` | reaches what it did | |

With `network: host` all of them work.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

REMEDY = "give it `driver_opts: {network: host}` in builder_instances"
STARTED_WITHOUT = "has no network, as it was started while docker has no default network"


@dataclass(frozen=True)
class DefaultNetwork:
    """Whether it is there, whether docker hides containers' addresses behind the host's, whether packets are forwarded.

    As an effect, it says how dockerd will start.
    """

    there: bool = True
    masqueraded: bool = True
    forwarded: bool = True

    @property
    def fault(self) -> str:
        """What keeps its containers from the world; "" for nothing."""
        if not self.there:
            return "docker has no default network (`bridge: none`), so its container gets no network at all"
        if not self.forwarded:
            return "the kernel forwards nothing of docker's default network (net.ipv4.ip_forward is 0)"
        if not self.masqueraded:
            return (
                "docker's default network is not masqueraded (`iptables: false` or `ip-masq: false`), so its "
                "containers get answers from outside only where this host's own firewall, or routes, see to that"
            )
        return ""


def of_document(document: t.Mapping[str, t.Any]) -> DefaultNetwork:
    """As a dockerd that starts with this daemon.json makes it."""
    return DefaultNetwork(
        there=document.get("bridge") != "none",
        masqueraded=document.get("iptables") is not False and document.get("ip-masq") is not False,
        forwarded=document.get("ip-forward") is not False,  # dockerd turns it on
    )
