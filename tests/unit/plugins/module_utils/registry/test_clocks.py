# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clocks of two machines, from the header Date."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.registry.clocks import Clocks, clocks_of


@pytest.mark.parametrize(
    ("date", "clocks"),
    [
        pytest.param("Sun, 29 Nov 2026 05:30:24 GMT", Clocks(100, 1795930224), id="as servers write it"),
        pytest.param("Sun, 29 Nov 2026 06:30:24 +0100", Clocks(100, 1795930224), id="another zone"),
        pytest.param("", None, id="none"),
        pytest.param("tomorrow", None, id="no date"),
        pytest.param("Sun, 99 Nov 2026 05:30:24 GMT", None, id="no such day"),
        pytest.param("Sun, 29 Nov 99999999999 05:30:24 GMT", None, id="no such year"),
    ],
)
def test_clocks_of(date: str, clocks: Clocks | None) -> None:
    assert clocks_of(date, 100.9) == clocks
