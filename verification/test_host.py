# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host is reachable."""

from __future__ import annotations

from testinfra.host import Host


def test_reachable(host: Host) -> None:
    assert host is not None
