# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether docker comes back after a reboot: each unit, broken in each way; and how it is enabled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import boot
from ansible_collections.multiarch.builders.plugins.module_utils.host import units
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.recorded_units import (
    MASKED,
    NOT_FOUND,
    changed,
    shown,
)

OFF = {"WantedBy": "", "UnitFileState": "disabled"}
WITHOUT_FLAG = {"ExecStart": "{ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// ; pid=1 }"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({}, (), id="as packaged"),
        pytest.param({"docker": OFF, "socket": OFF}, (), id="off: that is another question"),
        pytest.param({"docker": MASKED}, ("docker.service is masked",), id="masked"),
        pytest.param({"docker": NOT_FOUND}, (), id="no unit: another one may start dockerd"),
        pytest.param({"docker": {"LoadState": "bad-setting"}}, ("cannot load docker.service",), id="a bad drop-in"),
        pytest.param({"socket": MASKED}, ("docker.socket is masked",), id="the socket that it requires"),
        pytest.param({"socket": {**MASKED, "RequiredBy": ""}}, (), id="a socket that it does not require"),
        pytest.param({"containerd": MASKED}, ("containerd.service is masked",), id="containerd, which a flag names"),
        pytest.param(
            {"containerd": MASKED, "docker": WITHOUT_FLAG}, ("containerd.service is masked",), id="containerd, wanted"
        ),
        pytest.param(
            {"containerd": {**MASKED, "WantedBy": ""}, "docker": WITHOUT_FLAG},
            (),
            id="dockerd has a containerd of its own",
        ),
        pytest.param({"containerd": NOT_FOUND, "docker": WITHOUT_FLAG}, (), id="no containerd beside dockerd's own"),
        pytest.param({"containerd": NOT_FOUND}, ("containerd.service is not on this host",), id="no containerd"),
    ],
)
def test_what_keeps_docker_from_starting(changes: dict[str, dict[str, str]], told: tuple[str, ...]) -> None:
    found = boot.faults(changed(**changes))
    assert len(found) == len(told)
    for words, fault in zip(told, found):
        assert fault.startswith("docker does not start again, as ")
        assert words in fault


def test_where_systemd_does_not_answer_nothing_is_told_of_docker() -> None:
    assert boot.faults(units.parse("")) == ()
    assert not boot.is_left_out(units.parse(""))


@pytest.mark.parametrize(
    ("changes", "left_out"),
    [
        pytest.param({}, False, id="as packaged"),
        pytest.param({"docker": OFF}, False, id="its socket starts it when asked"),
        pytest.param({"socket": OFF}, False, id="it starts, and its socket with it"),
        pytest.param({"docker": OFF, "socket": OFF}, True, id="neither: that it requires its socket starts none"),
        pytest.param({"docker": {**OFF, "RequiredBy": "ci.service"}, "socket": OFF}, False, id="another unit needs it"),
        pytest.param(
            {"docker": {"UnitFileState": "enabled-runtime"}, "socket": OFF}, True, id="enabled until the next boot"
        ),
    ],
)
def test_whether_anything_starts_docker(changes: dict[str, dict[str, str]], left_out: bool) -> None:
    assert boot.is_left_out(changed(**changes)) is left_out


def test_the_words_name_states_and_command() -> None:
    assert boot.words(changed(docker=OFF, socket=OFF)) == (
        "nothing starts docker at boot (docker.service is disabled, docker.socket is disabled), and with it no "
        "builder: `systemctl enable docker.service docker.socket`"
    )


def test_what_was_off_is_off_again_when_we_go(programs: Callable[[str, str], Path], tmp_path: Path) -> None:
    off, on = tmp_path / "off", tmp_path / "on"
    off.write_text(shown(docker=OFF))
    on.write_text(shown())
    state = tmp_path / "state"
    state.write_text(off.read_text())
    calls = programs(
        "systemctl", f'case "$1" in show) cat {state} ;; enable) cp {on} {state} ;; disable) cp {off} {state} ;; esac'
    )
    boot.enable()
    assert boot.enabled() == ("docker.service",), "the socket was on before us"
    boot.disable()
    assert boot.enabled() == ()
    assert record.load("engine") == {}
    told = [each for each in calls.read_text().splitlines() if not each.startswith("show")]
    assert told == ["enable docker.service docker.socket", "disable docker.service"]


def test_what_cannot_be_disabled_is_still_ours(programs: Callable[[str, str], Path], tmp_path: Path) -> None:
    (tmp_path / "on").write_text(shown())
    programs("systemctl", f'case "$1" in show) cat {tmp_path}/on ;; disable) echo read-only >&2; exit 1 ;; esac')
    record.save("engine", {"enabled": ["docker.service"]})
    with pytest.raises(HostError, match=r"docker cannot be disabled: .*: read-only"):
        boot.disable()
    assert record.load("engine") == {"enabled": ["docker.service"]}
