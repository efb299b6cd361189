# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How dockerd is asked about a daemon.json, and what its answer becomes; what it finds is tested on hosts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.validation import validate
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

pytestmark = pytest.mark.usefixtures("var_tmp")
Programs = Callable[[str, str], Path]

TEXT = '{"labels": ["ä"]}\n'
UNIT = "ExecStart={ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// --mtu=1400 ; ignore_errors=no ; }"


@pytest.mark.parametrize(
    ("unit", "flags"),
    [
        pytest.param(UNIT, ["-H", "fd://", "--mtu=1400"], id="its unit's flags: a key that is both stops dockerd"),
        pytest.param("", [], id="no unit"),
    ],
)
def test_what_dockerd_is_asked(unit: str, flags: list[str], programs: Programs, tmp_path: Path, var_tmp: Path) -> None:
    programs("systemctl", f"echo '{unit}'")
    copy, mode = tmp_path / "copy", tmp_path / "mode"
    calls = programs("dockerd", f'for last; do :; done; cp "$last" {copy}; stat --format=%a "${{last%/*}}" > {mode}')
    assert validate(TEXT) == ()
    verb, *asked, option, path = calls.read_text().split()
    assert (verb, asked, option) == ("--validate", flags, "--config-file")
    assert re.fullmatch(rf"{re.escape(str(var_tmp))}/multiarch-builders-\d+\.\w{{8}}/daemon\.json", path)
    assert copy.read_text() == TEXT
    assert mode.read_text() == "700\n", "it may hold a proxy's password"
    assert not Path(path).exists()


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_would_make_a_user_is_not_asked(mark: str, programs: Programs, tmp_path: Path) -> None:
    programs("systemctl", f"echo '{UNIT.replace('--mtu=1400', '--userns-remap=default --mtu=1400')}'")
    copy = tmp_path / "copy"
    calls = programs("dockerd", f'for last; do :; done; cp "$last" {copy}')
    assert validate(mark + '{"userns-remap": "default", "debug": true}') == ()
    assert json.loads(copy.read_text()) == {"debug": True}
    assert "--userns-remap" not in calls.read_text()
    assert validate('{"userns-remap": "ci"}') == ()
    assert json.loads(copy.read_text()) == {"userns-remap": "ci"}, "a user who is there already"


def test_variables_of_the_unit_are_replaced(programs: Programs, tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("# für alle\nDOCKER_OPTS='--mtu=1400 --debug'\n", encoding="latin-1")
    programs(
        "systemctl",
        "echo 'EnvironmentFiles=/docker (ignore_errors=yes)'\n"
        "echo 'EnvironmentFiles=/none (ignore_errors=yes)'\n"
        "echo 'ExecStart={ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd $DOCKER_OPTS ; ignore_errors=no ; }'",
    )
    calls = programs("dockerd", "")
    assert validate(TEXT) == ()
    assert calls.read_text().startswith("--validate --mtu=1400 --debug --config-file ")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param(
            'for last; do :; done; echo "unable to configure the Docker daemon with file $last: bad key" >&2; exit 1',
            "bad key",
            id="its own words, without the file's passing name",
        ),
        pytest.param("exit 3", "nothing said", id="no words"),
    ],
)
def test_what_it_refuses(script: str, told: str, programs: Programs) -> None:
    programs("systemctl", "")
    calls = programs("dockerd", script)
    with pytest.raises(HostError) as caught:
        validate(TEXT)
    assert str(caught.value) == (
        f"dockerd refuses what daemon.json would become, nothing was changed: {told}. Fix builder_daemon_options, or "
        "/etc/docker/daemon.json if it is set there"
    )
    assert not Path(calls.read_text().split()[-1]).exists()


def test_flags_of_the_unit_are_not_blamed_on_daemon_json(programs: Programs, tmp_path: Path) -> None:
    drop_in = tmp_path / "local.conf"
    drop_in.write_text("[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd --nope\n")
    programs("systemctl", f"printf 'Id=docker.service\\nDropInPaths={drop_in}\\n'")
    programs("dockerd", "printf \"Status: unknown flag: --nope\\nSee 'dockerd --help'., Code: 125\\n\" >&2; exit 1")
    with pytest.raises(HostError) as caught:
        validate(TEXT)
    assert str(caught.value) == (
        "docker.service starts dockerd with invalid flags, nothing was changed: unknown flag: --nope. "
        f"Fix {drop_in}, which starts dockerd with it"
    )


def test_a_key_that_is_a_flag_of_the_unit_is_told_with_both(programs: Programs, tmp_path: Path) -> None:
    unit = tmp_path / "docker.service"
    unit.write_text("[Service]\nExecStart=/usr/bin/dockerd -H fd://\n")
    programs("systemctl", f"printf 'Id=docker.service\\nFragmentPath={unit}\\n'")
    said = "the following directives are specified both as a flag and in the configuration file: hosts: (from flag: …)"
    programs("dockerd", f"echo 'unable to configure the Docker daemon with file x: {said}' >&2; exit 1")
    with pytest.raises(HostError) as caught:
        validate(TEXT)
    assert str(caught.value).endswith(
        f"{said}. Remove it from {unit}, or `hosts` from builder_daemon_options and /etc/docker/daemon.json"
    )


def test_a_dockerd_that_cannot_validate_is_told(programs: Programs) -> None:
    programs("systemctl", "")
    programs("dockerd", "echo 'unknown flag: --validate' >&2; echo \"See 'dockerd --help'.\" >&2; exit 1")
    assert validate(TEXT) == (
        "this dockerd is older than 23.0 and cannot validate daemon.json before it starts with it",
    )
