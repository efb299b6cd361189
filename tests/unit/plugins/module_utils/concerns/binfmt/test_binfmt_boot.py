# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps handlers from coming back at boot: each part of the mechanism, broken in each way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import boot
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.recorded_units import (
    MASKED,
    NOT_FOUND,
    changed,
    shown,
)

# Recorded of systemd 257: systemd-analyze condition --unit=systemd-binfmt.service
HELD = (
    "systemd-binfmt.service: ConditionDirectoryNotEmpty=|/run/binfmt.d failed.\n"
    "systemd-binfmt.service: ConditionDirectoryNotEmpty=|/lib/binfmt.d succeeded.\n"
    "systemd-binfmt.service: ConditionPathIsMountPoint=/proc/sys/fs/binfmt_misc succeeded.\nConditions succeeded.\n"
)
FAILED = "systemd-binfmt.service: ConditionPathExists=/nowhere failed.\nConditions failed.\n"
# Before the first file of ours is there, no folder of binfmt.d has one.
EMPTY = "systemd-binfmt.service: ConditionDirectoryNotEmpty=|/etc/binfmt.d failed.\nConditions failed.\n"
NOWHERE = {"WantedBy": ""}
ANOTHER = {"DropInPaths": "/etc/systemd/system/systemd-binfmt.service.d/x.conf"}


@pytest.mark.parametrize(
    ("changes", "conditions", "told"),
    [
        pytest.param({}, "", (), id="as packaged"),
        pytest.param({"binfmt": {**MASKED, "UnitFileState": "masked-runtime"}}, "", (), id="masked until then"),
        pytest.param({"automount": MASKED, "mount": {"WantedBy": "sysinit.target"}}, "", (), id="the mount alone"),
        pytest.param({"mount": {"RequiredBy": "local-fs.target"}, "automount": NOWHERE}, "", (), id="from /etc/fstab"),
        pytest.param({"binfmt": ANOTHER}, HELD, (), id="a drop-in that harms nothing"),
        pytest.param({"binfmt": ANOTHER}, EMPTY, (), id="alternatives, which our own files make true"),
        # the service
        pytest.param({"binfmt": MASKED}, "", ("systemd-binfmt.service is masked: `systemctl unmask",), id="masked"),
        pytest.param({"binfmt": NOT_FOUND}, "", ("systemd-binfmt.service is not on this host",), id="no unit"),
        pytest.param(
            {"binfmt": NOWHERE},
            "",
            ("nothing starts systemd-binfmt.service at boot: `systemctl add-wants",),
            id="not wanted",
        ),
        pytest.param(
            {"binfmt": {**ANOTHER, "ExecStart": "{ path=/bin/true ; argv[]=/bin/true ; }"}},
            HELD,
            ("does not run systemd-binfmt: fix /etc/systemd/system/systemd-binfmt.service.d/x.conf",),
            id="another program",
        ),
        pytest.param({"binfmt": {"Before": "shutdown.target"}}, "", ("may start after docker",), id="too late"),
        pytest.param(
            {"binfmt": ANOTHER}, FAILED, ("is skipped (ConditionPathExists=/nowhere): fix",), id="a condition"
        ),
        # the mount
        pytest.param({"mount": MASKED}, "", ("proc-sys-fs-binfmt_misc.mount is masked",), id="the mount is masked"),
        pytest.param({"mount": NOT_FOUND}, "", ("proc-sys-fs-binfmt_misc.mount is not on this host",), id="no mount"),
        pytest.param(
            {"automount": NOWHERE},
            "",
            ("nothing mounts binfmt_misc at boot: `systemctl add-wants sysinit.target proc-sys-fs-binfmt_misc.auto",),
            id="nothing mounts it",
        ),
        pytest.param({"automount": MASKED}, "", ("proc-sys-fs-binfmt_misc.automount is masked",), id="no automount"),
        pytest.param(
            {"binfmt": MASKED, "mount": MASKED},
            "",
            ("systemd-binfmt.service is", "proc-sys-fs-binfmt_misc.mount is"),
            id="all",
        ),
    ],
)
def test_what_is_told(changes: dict[str, dict[str, str]], conditions: str, told: tuple[str, ...]) -> None:
    found = boot.faults_in(changed(**changes), conditions)
    assert len(found) == len(told)
    for words, fault in zip(told, found):
        assert fault.startswith("handlers are lost at the next reboot, as ")
        assert words in fault


def test_without_an_answer_nothing_is_taken_for_proven(programs: Callable[[str, str], Path]) -> None:
    programs("systemctl", "echo 'Failed to connect to bus' >&2; exit 1")
    assert [each.partition(", as ")[2].partition(":")[0] for each in boot.faults()] == [
        "systemd reports nothing about systemd-binfmt.service",
        "systemd reports nothing about proc-sys-fs-binfmt_misc.mount",
    ]


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        pytest.param({}, 0, id="as packaged: no program is started for it"),
        pytest.param(ANOTHER, 1, id="a drop-in"),
        pytest.param({"ConditionResult": "no"}, 1, id="skipped at its last start"),
        pytest.param({**MASKED, **ANOTHER}, 0, id="masked: there is nothing to ask"),
    ],
)
def test_conditions_are_asked_of_a_unit_that_somebody_changed(
    changes: dict[str, str], asked: int, programs: Callable[[str, str], Path], tmp_path: Path
) -> None:
    (tmp_path / "answer").write_text(shown(binfmt=changes))
    programs("systemctl", f"cat {tmp_path}/answer")
    calls = programs("systemd-analyze", "echo 'Unknown option --unit' >&2; exit 1")
    boot.faults()
    assert (len(calls.read_text().splitlines()) if calls.exists() else 0) == asked
