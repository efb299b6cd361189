# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The oldest API that a dockerd serves, and the newest that its clients speak, by version. Pure.

A client that negotiates uses the older of both sides' newest; dockerd refuses one below its oldest.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.engine_version import numbers
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import text_of, version_of

Api = t.Tuple[int, ...]
Table = t.Tuple[t.Tuple[t.Tuple[int, ...], Api], ...]
"""Rows (since this version, API), the newest first."""

# moby/moby, defaultMinAPIVersion in daemon/config/config.go, MinVersion in api/common.go before 25.0
FLOORS: Table = (((29, 3), (1, 40)), ((29, 0), (1, 44)), ((25, 0), (1, 24)), ((0,), (1, 12)))
# moby/moby, DefaultVersion in api/common.go
CLIENTS: Table = (((25, 0), (1, 44)), ((24, 0), (1, 43)), ((23, 0), (1, 42)), ((20, 10), (1, 41)), ((0,), (1, 40)))
# docker/buildx, docker/compose and gitlab-org/gitlab-runner: the version of moby's client in go.mod. Compose 1 is
# Python, and says its version itself (compose/const.py).
BUILDX: Table = (((0, 13), (1, 45)), ((0, 11), (1, 43)), ((0, 8), (1, 42)), ((0,), (1, 41)))
COMPOSE: Table = (
    *(((2, 24), (1, 44)), ((2, 19), (1, 43)), ((2, 3), (1, 42)), ((2, 0), (1, 41))),
    ((0,), (1, 38)),
)
GITLAB_RUNNER: Table = (((17, 5), (1, 44)), ((16, 3), (1, 43)), ((0,), (1, 42)))


@dataclass(frozen=True)
class Client:
    """A program of the host that speaks to dockerd: its *name*, *version* and *path*."""

    name: str
    version: str
    path: str
    table: Table

    @property
    def api(self) -> Api:
        """The newest API that it speaks; for versions before the table, at most that."""
        return _row(self.table, numbers(self.version.lstrip("v")))


def floor_of(engine: str, lowered: str = "") -> Api:
    """The oldest API that dockerd *engine* serves; *lowered* is what its settings say instead, "" for nothing."""
    return version_of(lowered) or _row(FLOORS, numbers(engine))


def below(floor: Api, clients: t.Iterable[Client]) -> t.Tuple[str, ...]:
    """Those of *clients* that speak only less than *floor*, in words."""
    return tuple(
        f"{each.name} {each.version} ({each.path}, up to {text_of(each.api)})" for each in clients if each.api < floor
    )


def _row(table: Table, version: t.Tuple[int, ...]) -> Api:
    return next((api for since, api in table if version >= since), table[-1][1])
