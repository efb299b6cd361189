# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flags of dockerd in units, as `systemctl show` tells them."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.unit_flags import (
    assignments,
    config_file,
    elsewhere,
    environment_files,
    flags,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.units import Unit

# Recorded on Debian 13, docker.io 26.1.5.
DEBIAN = (
    "ExecStart={ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// "
    "--containerd=/run/containerd/containerd.sock $DOCKER_OPTS ; ignore_errors=no ; "
    "start_time=[Sat 2026-11-21 07:27:21 UTC] ; stop_time=[n/a] ; pid=1436 ; code=(null) ; status=0/0 }\n"
    "Environment=\nEnvironmentFiles=/etc/default/docker (ignore_errors=yes)\n"
)
ALWAYS = ("-H", "fd://", "--containerd=/run/containerd/containerd.sock")


def exec_start(arguments: str, rest: str = "") -> str:
    return f"ExecStart={{ path=/usr/bin/dockerd ; argv[]=/usr/bin/dockerd {arguments} ; pid=1 }}\n{rest}"


@pytest.mark.parametrize(
    ("shown", "files", "expected"),
    [
        pytest.param(DEBIAN, {}, ALWAYS, id="Debian, without its environment file"),
        pytest.param(
            DEBIAN,
            {"/etc/default/docker": '# opts\nDOCKER_OPTS="--log-level=warn --dns 192.0.2.1"\n'},
            (*ALWAYS, "--log-level=warn", "--dns", "192.0.2.1"),
            id="Debian, options in its environment file",
        ),
        pytest.param(
            exec_start("--label=${WHERE} $MORE", "Environment=WHERE=rack=7 MORE=--debug\n"),
            {},
            ("--label=rack=7", "--debug"),
            id="Environment= of a drop-in",
        ),
        pytest.param(
            exec_start("--config-file /etc/other.json --config-file=/etc/x.json --debug"),
            {},
            ("--debug",),
            id="its own configuration file is replaced",
        ),
        pytest.param("", {}, (), id="no unit"),
    ],
)
def test_the_flags_of_a_unit(shown: str, files: dict[str, str], expected: tuple[str, ...]) -> None:
    assert flags(shown, files) == expected


OTHER = "--config-file /etc/docker/other.json"


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        pytest.param((), None, id="its own choice"),
        pytest.param(("--config-file", "/a"), "/a", id="two words"),
        pytest.param(("--config-file=/a",), "/a", id="one word"),
        pytest.param(("--config-file", "/a", "--debug", "--config-file=/b"), "/b", id="the last one counts"),
        pytest.param(("--config-file",), None, id="cut off"),
        pytest.param(("--config-files=/a",), None, id="another flag"),
    ],
)
def test_the_file_that_dockerd_reads(arguments: tuple[str, ...], path: str | None) -> None:
    assert config_file(arguments) == path


@pytest.mark.parametrize(
    ("shown", "files", "told"),
    [
        pytest.param(DEBIAN, {}, None, id="its own choice"),
        pytest.param(exec_start("--config-file=/etc/docker/daemon.json"), {}, None, id="daemon.json by name"),
        pytest.param(exec_start("--config-file /a-link"), {}, None, id="a link to it"),
        pytest.param(
            exec_start(OTHER, "FragmentPath=/usr/lib/u\nDropInPaths=/etc/d/a.conf /etc/d/b.conf\n"),
            {},
            f"docker.service starts dockerd with {OTHER} (/etc/d/a.conf, /etc/d/b.conf), so dockerd reads no "
            "/etc/docker/daemon.json: move its content to /etc/docker/daemon.json and remove the flag, or make "
            "/etc/docker/other.json a link to it",
            id="by drop-ins",
        ),
        pytest.param(
            exec_start(OTHER, "FragmentPath=/etc/systemd/system/docker.service\nDropInPaths=\n"),
            {},
            f"docker.service starts dockerd with {OTHER} (/etc/systemd/system/docker.service), so",
            id="by the unit",
        ),
        pytest.param(
            DEBIAN,
            {"/etc/default/docker": f"DOCKER_OPTS='{OTHER}'\n"},
            f"docker.service starts dockerd with {OTHER} (/etc/default/docker), so",
            id="by its environment file",
        ),
        pytest.param("", {}, None, id="no unit"),
    ],
)
def test_a_file_elsewhere_is_told_by_unit_and_file(shown: str, files: dict[str, str], told: str | None) -> None:
    daemon_json = "/etc/docker/daemon.json"
    links = {"/a-link": daemon_json}
    found = elsewhere(Unit("docker.service", shown), files, daemon_json, lambda path: links.get(path, path))
    assert found is None if told is None else str(found).startswith(told)


def test_environment_files_are_found_in_their_order() -> None:
    shown = "EnvironmentFiles=/etc/a (ignore_errors=yes)\nEnvironmentFiles=/etc/b (ignore_errors=no)\n"
    assert environment_files(shown) == ("/etc/a", "/etc/b")


def test_assignments_with_and_without_quotes() -> None:
    assert assignments("A='x y'\n#B=1\n;C=2\nD=e=f\nno line\n") == {"A": "x y", "D": "e=f"}
