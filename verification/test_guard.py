# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard runs, if it is configured: by systemd's view of its timer and of its last run."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.installed import SERVICE, TIMER
from ansible_collections.multiarch.builders.verification.looking import (
    PROVISION,
    Asked,
    CheckFailedError,
    journal,
    output,
    shown_units,
)
from testinfra.host import Host

_LONGEST = 600
"""Seconds since its last run: many times what lies between two."""
_ASKED = ("ActiveState", "UnitFileState", "Result", "ExecMainStartTimestampMonotonic")


def test_guard_runs(host: Host, asked: Asked) -> None:
    """Its timer is active and enabled, and its last run ended well a short time ago."""
    if not asked.guard:
        pytest.skip("no guard is configured")
    shown, (timer, service) = shown_units(host, [TIMER, SERVICE], _ASKED)
    wrong = []
    if timer.get("ActiveState") != "active":
        wrong.append(f"{TIMER} does not run")
    if timer.get("UnitFileState") != "enabled":
        wrong.append(f"{TIMER} does not start at boot")
    if service.get("Result") != "success":
        wrong.append(f"the last run of {SERVICE} failed ({service.get('Result')})")
    now = float(host.run("python3 -c 'import time; print(time.monotonic())'").stdout)  # systemd's; uptime counts sleep
    last = int(service.get("ExecMainStartTimestampMonotonic") or 0) / 10**6
    if not wrong and now - last > _LONGEST:
        wrong.append(f"{SERVICE} has not run for {(now - last) / 60:.0f} minutes")
    if wrong:
        raise CheckFailedError("; ".join(wrong), output(shown), journal(host, SERVICE), remedy=PROVISION)
