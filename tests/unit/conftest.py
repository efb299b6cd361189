# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many examples of properties: few and always the same, or `HYPOTHESIS_PROFILE=thorough` for many and new ones."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A machine may be busy.
_COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("quick", _COMMON, max_examples=40, derandomize=True, database=None)
settings.register_profile("thorough", _COMMON, max_examples=500, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
