# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of daemon.json is ours, and what was there before us. Pure data."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import Former, Owned


@dataclass(frozen=True)
class Keys:
    """The keys of daemon.json that are ours, and the values of others that they took the place of."""

    owned: Owned
    replaced: Former = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.owned or self.replaced)


@dataclass(frozen=True)
class Original:
    """daemon.json as it was before anything in it was ours; *text* is None where there was none."""

    text: t.Optional[str]
    mode: int
