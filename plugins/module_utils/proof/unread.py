# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker alone does not trust a token endpoint: it has not read one of the host's authorities yet. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import DOCKERD, PLAIN, Row

# containerd, core/remotes/docker/auth/fetch.go and authorizer.go
_FETCHING = re.compile("failed to fetch (?:oauth|anonymous) token|failed to fetch token")


def is_unread(row: Row) -> bool:
    """Whether docker reported that."""
    return row.way == DOCKERD and row.outcome == outcomes.UNKNOWN_AUTHORITY and bool(_FETCHING.search(row.words))


def unread_at(rows: t.Sequence[Row]) -> t.Tuple[t.Tuple[str, str], ...]:
    """(registry, its token endpoint) of such failures, as `host[:port]`; except those rejected by the system store."""
    strangers = {each.at for each in rows if each.way == PLAIN and each.outcome == outcomes.UNKNOWN_AUTHORITY}
    found = [(each.registry, each.at) for each in rows if is_unread(each) and each.at not in strangers]
    return tuple(dict.fromkeys(found))


def without_pulls(rows: t.Sequence[Row]) -> t.Tuple[t.Tuple[Row, ...], t.Tuple[str, ...]]:
    """(rows, notes) for a host whose docker pulls nothing: there it is not a failure."""
    notes = [
        f"docker itself cannot fetch tokens of {each.registry} before it is restarted, which is skipped, as "
        "builder_docker_pulls is false"
        for each in rows
        if is_unread(each)
    ]
    return tuple(each for each in rows if not is_unread(each)), tuple(notes)
