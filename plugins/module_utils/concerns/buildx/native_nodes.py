# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node of a builder builds which platform: the one that runs it natively, where no node names it. Pure.

If the nodes' own lists have every platform of a build, buildx uses those alone. Otherwise it asks all nodes what they
run, emulated or not, and uses the first one that has a platform, even if another one lists it (docker/buildx,
build/driver.go, Resolve and get). So every platform is assigned to a node.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import architecture_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor

Machines = t.Mapping[str, str]
"""{name of a node: the `uname -m` of its machine}, for those that are known."""


def has_choice(wanted: Instance) -> bool:
    """Whether several machines may build the same platform."""
    return wanted.driver == "docker-container" and len(wanted.nodes) > 1


def assigned(wanted: Instance, platforms: t.Sequence[str], machines: Machines) -> Instance:
    """*wanted*, with each of *platforms* assigned to a node, if possible.

    That is one of those that name no platforms: the first that runs it natively, else this host, which emulates it.
    """
    found: t.Dict[str, t.List[str]] = {}
    for platform in _unnamed(wanted, platforms):
        open_nodes = [each for each in wanted.nodes if not each.platforms]
        node = _native(platform, open_nodes, machines) or next((each for each in open_nodes if each.local), None)
        if node is not None:
            found.setdefault(node.name, []).append(platform)
    nodes = [replace(each, platforms=tuple(found.get(each.name, each.platforms))) for each in wanted.nodes]
    return replace(wanted, nodes=tuple(nodes))


def notes(wanted: Instance, platforms: t.Sequence[str], machines: Machines) -> t.List[str]:
    """Which platforms a builder, whose platforms are assigned, may emulate although a node runs them natively."""
    found = []
    for node in wanted.nodes:
        for platform in node.platforms:
            better = _native(platform, wanted.nodes, machines)
            if better is not None and node.name in machines and not _runs(machines[node.name], platform):
                found.append(
                    f"builder {wanted.name}: node {node.name} ({machines[node.name]}) emulates {platform}, which its "
                    f"`platforms` name; node {better.name} ({machines[better.name]}) runs it natively: name it there"
                )
    for platform in _unnamed(wanted, platforms) if has_choice(wanted) else ():
        better = _native(platform, wanted.nodes, machines)
        where = f"node {better.name}, which runs it natively" if better else "the node that emulates it"
        found.append(
            f"builder {wanted.name}: no node names {platform} in its `platforms`, so builds that include it go to the "
            f"first node that can run each platform, natively or not: name it at {where}"
        )
    return found


def _unnamed(wanted: Instance, platforms: t.Iterable[str]) -> t.List[str]:
    named = {platform for node in wanted.nodes for platform in node.platforms}
    return [each for each in platforms if each not in named]


def _native(platform: str, nodes: t.Iterable[Node], machines: Machines) -> t.Optional[Node]:
    """The first node known to run it natively."""
    return next((each for each in nodes if _runs(machines.get(each.name, ""), platform)), None)


def _runs(machine: str, platform: str) -> bool:
    """Whether it is of the machine's own architecture, or 386 on amd64; 32-bit Arm depends on the processor."""
    own = Processor(machine).architecture
    return own is not None and architecture_of(platform) in (own, "386" if own == "amd64" else own)
