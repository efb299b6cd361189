# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that do not answer, and those among them that nobody can have asked yet. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import ContextWrite, Effects


@dataclass(frozen=True)
class Silence:
    """A specified *node* at *endpoint* that does not answer *user*, in *words*."""

    node: str
    endpoint: str
    user: str
    words: str


def unasked(silent: t.Iterable[Silence], effects: Effects) -> t.Tuple[Silence, ...]:
    """Those whose context an earlier concern writes first."""
    written = {(each.user, each.name) for each in effects if isinstance(each, ContextWrite)}
    return tuple(each for each in silent if (each.user, each.endpoint) in written)


def notes(unasked: t.Iterable[Silence]) -> t.List[str]:
    """Messages about them."""
    return [
        f"node {each.node} was not asked yet as {each.user}: this run writes context {each.endpoint}"
        for each in unasked
    ]
