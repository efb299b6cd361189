# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The managed part of daemon.json, and its original values. Pure data."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import Former, Owned


@dataclass(frozen=True)
class Keys:
    """The managed keys of daemon.json, and the foreign values that they replaced."""

    owned: Owned
    replaced: Former = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.owned or self.replaced)


@dataclass(frozen=True)
class Original:
    """daemon.json before we changed it; *text* is None if there was none."""

    text: t.Optional[str]
    mode: int
