# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who speaks to dockerd here, at stand-ins for the programs and for dockerd."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import api_clients
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.recorded_units import shown

Programs = Callable[[str, str], Path]


def test_programs_are_asked_for_their_version(programs: Programs) -> None:
    programs("docker", "echo 'Docker version 20.10.24+dfsg1, build 297e128'")
    programs("docker-compose", "echo 1.29.2")
    programs("gitlab-runner", "printf 'Version:      17.4.0\nGit revision: b92ee590\n'")
    found = {each.name: (each.version, each.api) for each in api_clients.clients(with_client=True)}
    assert found == {
        "docker": ("20.10.24+dfsg1", (1, 41)),
        "docker-compose": ("1.29.2", (1, 38)),
        "gitlab-runner": ("17.4.0", (1, 43)),
    }
    assert "docker" not in {each.name for each in api_clients.clients(with_client=False)}


def test_a_program_that_does_not_say_its_version_is_not_told(programs: Programs) -> None:
    programs("docker-compose", "exit 1")
    programs("gitlab-runner", "echo development version")
    assert [each.name for each in api_clients.clients(with_client=False)] == []


def test_containers_with_dockers_socket(dockerd: DockerdStandIn, docker: Docker) -> None:
    rows = [
        {"Names": ["/runner"], "Mounts": [{"Type": "bind", "Source": "/var/run/docker.sock"}]},
        {"Names": ["/web"], "Mounts": [{"Type": "volume", "Source": "/var/lib/docker/volumes/x/_data"}]},
        {"Names": ["/job"], "Mounts": []},
    ]
    dockerd.answers["GET /containers/json"] = as_json(rows)
    assert api_clients.with_socket(docker) == ("runner",)


@pytest.mark.parametrize(
    ("environment", "options", "file", "told"),
    [
        pytest.param("", {}, None, "", id="nothing"),
        pytest.param("A=b DOCKER_MIN_API_VERSION=1.24", {"min-api-version": "1.30"}, None, "1.24", id="the unit"),
        pytest.param("", {"min-api-version": "1.30"}, '{"min-api-version": "1.35"}', "1.30", id="what is asked for"),
        pytest.param("", {}, '{"min-api-version": "1.35"}', "1.35", id="daemon.json"),
    ],
)
def test_what_lowers_the_floor(
    environment: str,
    options: dict[str, str],
    file: str | None,
    told: str,
    programs: Programs,
    daemon_json: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "units").write_text(shown(docker={"Environment": environment}))
    programs("systemctl", f"cat {tmp_path}/units")
    daemon_json.parent.mkdir(parents=True)
    if file is not None:
        daemon_json.write_text(file)
    assert api_clients.lowered(options) == told
