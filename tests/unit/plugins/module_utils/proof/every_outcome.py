# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every outcome that a proof may have: the texts that outcomes.py has names for before PROVEN."""

from __future__ import annotations

from itertools import takewhile

from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes

_NAMES = takewhile(lambda name: name != "PROVEN", vars(outcomes))
OUTCOMES = tuple(str(getattr(outcomes, name)) for name in _NAMES if name.isupper() and not name.startswith("_"))
assert outcomes.TRUSTED in OUTCOMES
assert outcomes.FORBIDDEN in OUTCOMES
