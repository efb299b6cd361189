# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Output of `docker buildx inspect` (docker/buildx, commands/inspect.go), which exits 0 for dead nodes too. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace

_UNSTAMPED = re.compile(r"0\.0\.0(\+|$)")  # printed by a BuildKit that was built without a version


@dataclass(frozen=True)
class InspectedNode:
    """One node; *status* is empty if *error* is set, *buildkit* is a version, None if not shown."""

    name: str
    endpoint: str = ""
    status: str = ""
    error: str = ""
    buildkit: t.Optional[str] = None
    platforms: t.Tuple[str, ...] = ()


@dataclass(frozen=True)
class Inspected:
    """One builder; *name* is empty if it does not exist, *error* is about the builder as a whole."""

    name: str
    error: str
    nodes: t.Tuple[InspectedNode, ...]

    @property
    def errors(self) -> t.Tuple[str, ...]:
        """The errors of the builder and of its nodes."""
        return tuple(each for each in (self.error, *(node.error for node in self.nodes)) if each)


def parse(shown: str) -> Inspected:
    """The builder in the command's output, which may be empty."""
    head, _title, body = shown.partition("\nNodes:\n")
    whole = dict(_fields(head))
    nodes: t.List[InspectedNode] = []
    for key, value in _fields(body):
        if key == "Name":
            nodes.append(InspectedNode(value))
        elif nodes and key in _READ:
            nodes[-1] = _READ[key](nodes[-1], value)
    return Inspected(whole.get("Name", ""), whole.get("Error", ""), tuple(nodes))


def _fields(text: str) -> t.Iterator[t.Tuple[str, str]]:
    """(key, value) of each line that is not indented (labels, file content)."""
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon and not line.startswith(" "):
            yield key, value.strip()


def _with_version(node: InspectedNode, value: str) -> InspectedNode:
    version = value.lstrip("v")
    return replace(node, buildkit=None if _UNSTAMPED.match(version) else version)


def _platforms(value: str) -> t.Tuple[str, ...]:
    """The platforms of a list, in which an asterisk marks those that the user set."""
    return tuple(each.strip().rstrip("*") for each in value.split(",") if each.strip())


_READ: t.Dict[str, t.Callable[[InspectedNode, str], InspectedNode]] = {
    "Endpoint": lambda node, value: replace(node, endpoint=value),
    "Status": lambda node, value: replace(node, status=value),
    "Error": lambda node, value: replace(node, error=value),
    "BuildKit version": _with_version,
    "Platforms": lambda node, value: replace(node, platforms=_platforms(value)),
}
