# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull mode runs, if the host has it: by systemd's view of its timer and of its last run."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.verification.looking import (
    Asked,
    CheckFailedError,
    journal,
    output,
    shown_units,
)
from testinfra.host import Host

TIMER, SERVICE = "multiarch-builders-pull.timer", "multiarch-builders-pull.service"
REMEDY = "See the journal, and run playbooks/pull-mode.yml"


def test_pull_mode_runs(host: Host, asked: Asked) -> None:
    """Its timer is active and enabled, and its last run ended well."""
    if not asked.pull:
        pytest.skip("the host does not pull")
    shown, (timer, service) = shown_units(host, [TIMER, SERVICE], ["ActiveState", "UnitFileState", "Result"])
    wrong = []
    if timer.get("ActiveState") != "active":
        wrong.append(f"{TIMER} does not run")
    if timer.get("UnitFileState") != "enabled":
        wrong.append(f"{TIMER} does not start at boot")
    if service.get("Result") != "success":
        wrong.append(f"the last run of {SERVICE} failed ({service.get('Result')})")
    if wrong:
        raise CheckFailedError("; ".join(wrong), output(shown), journal(host, SERVICE), remedy=REMEDY)
