# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Distributes checks to xdist's processes: all of a host in one, over one connection, in order.

Not `--dist=loadgroup`: with pytest 9.2 it groups nothing (github.com/pytest-dev/pytest-xdist/issues/1386).
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

import pytest


def host_of(nodeid: str, hosts: Iterable[str]) -> str:
    """The host of the check *nodeid*, `file::test[HOST-…]`; the check itself if it has none."""
    about = nodeid.partition("[")[2]
    spelled = {host: host.encode("unicode_escape").decode() for host in hosts}  # as pytest does it
    found = [host for host, name in spelled.items() if about.startswith((f"{name}-", f"{name}]"))]
    return max(found, key=len, default=nodeid)


def by_host(config: pytest.Config, log: t.Any, hosts: Iterable[str]) -> t.Any:
    """A scheduler of xdist, whatever `--dist` says."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415  # only installed where it is used

    names = list(hosts)

    class ByHost(LoadScopeScheduling):  # type: ignore[misc]  # which has no types
        def _split_scope(self, nodeid: str) -> str:
            return host_of(nodeid, names)

    return ByHost(config, log)
