# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units as systemd tells them: which start at boot, which cannot, and one question for all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host import units
from ansible_collections.multiarch.builders.plugins.module_utils.host.units import BINFMT, DOCKER, Unit, load_fault
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.recorded_units import (
    MASKED,
    NOT_FOUND,
    changed,
    shown,
)

RUNTIME = {**MASKED, "UnitFileState": "masked-runtime", "FragmentPath": "/run/systemd/system/systemd-binfmt.service"}


@pytest.mark.parametrize(
    ("changes", "starts"),
    [
        pytest.param({}, True, id="as packaged"),
        pytest.param({"WantedBy": "", "RequiredBy": "other.service"}, True, id="required by another unit"),
        pytest.param({"UnitFileState": "disabled"}, True, id="disabled, and wanted by another unit"),
        pytest.param({"WantedBy": ""}, False, id="wanted by nothing"),
        pytest.param({"WantedBy": "", "UnitFileState": "enabled"}, False, id="enabled by a link to /dev/null"),
        pytest.param({"UnitFileState": "enabled-runtime"}, False, id="until the next boot"),
        pytest.param(MASKED, False, id="masked"),
        pytest.param(RUNTIME, True, id="masked until the next boot"),
        pytest.param(NOT_FOUND, False, id="not there"),
    ],
)
def test_what_starts_at_boot(changes: dict[str, str], starts: bool) -> None:
    assert changed(binfmt=changes)[BINFMT].starts_at_boot is starts


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({}, None, id="as packaged"),
        pytest.param(RUNTIME, None, id="masked until the next boot"),
        pytest.param(MASKED, "is masked: `systemctl unmask systemd-binfmt.service`", id="masked"),
        pytest.param(NOT_FOUND, "is not on this host: reinstall its package", id="not there"),
        pytest.param(
            {"LoadState": "bad-setting", "DropInPaths": "/etc/x.d/a.conf /etc/x.d/b.conf"},
            "systemd cannot load systemd-binfmt.service (bad-setting): fix /etc/x.d/a.conf, /etc/x.d/b.conf",
            id="a drop-in that systemd refuses",
        ),
        pytest.param({"LoadState": ""}, "see `systemctl show systemd-binfmt.service`", id="no answer"),
    ],
)
def test_what_systemd_cannot_start(changes: dict[str, str], told: str | None) -> None:
    found = load_fault(changed(binfmt=changes)[BINFMT])
    assert found is None if told is None else told in str(found)


@pytest.mark.parametrize(
    ("changes", "packaged"),
    [
        pytest.param({}, True, id="as packaged"),
        pytest.param({"FragmentPath": "/lib/systemd/system/systemd-binfmt.service"}, True, id="without merged /usr"),
        pytest.param({"DropInPaths": "/run/x.conf"}, False, id="a drop-in"),
        pytest.param({"FragmentPath": "/etc/systemd/system/systemd-binfmt.service"}, False, id="another unit"),
    ],
)
def test_whether_somebody_changed_it(changes: dict[str, str], packaged: bool) -> None:
    assert changed(binfmt=changes)[BINFMT].is_as_packaged is packaged


@pytest.mark.parametrize("text", ["", "LoadState=loaded\n", "Failed to connect to bus\n"])
def test_of_what_is_not_answered_nothing_is_known(text: str) -> None:
    assert units.parse(text)[DOCKER] == Unit(DOCKER)


def test_a_process_asks_once_until_somebody_changes_a_unit(
    programs: Callable[[str, str], Path], tmp_path: Path
) -> None:
    (tmp_path / "answer").write_text(shown())
    calls = programs("systemctl", f"cat {tmp_path}/answer")
    assert [units.look()[BINFMT].starts_at_boot for _time in range(3)] == [True] * 3
    (tmp_path / "answer").write_text(shown(binfmt=MASKED))
    assert units.look()[BINFMT].starts_at_boot
    units.forget()
    assert not units.look()[BINFMT].starts_at_boot
    assert len(calls.read_text().splitlines()) == 2
