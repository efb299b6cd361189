# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes that are the cache of no builder: told with their size, and left alone."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.unused_caches import notes_on
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

CONTAINER = "buildx_buildkit_b0"
VOLUME = f"{CONTAINER}_state"
TOLD = f"volume {VOLUME} (12.3 MB) is an unused build cache: `docker volume rm {VOLUME}` removes it"


@pytest.mark.parametrize(
    ("volume", "known", "container", "notes"),
    [
        pytest.param(VOLUME, set(), False, [TOLD], id="nobody's"),
        pytest.param(VOLUME, {CONTAINER}, False, [], id="that of a builder that is asked for, or in a store"),
        pytest.param(VOLUME, set(), True, [], id="its container is there: somebody's builder"),
        pytest.param("my_buildx_buildkit_b0_state", set(), False, [], id="a name that only contains it"),
        pytest.param("buildx_buildkit_b0_backup", set(), False, [], id="another volume"),
    ],
)
def test_notes_on(
    volume: str, known: set[str], container: bool, notes: list[str], dockerd: DockerdStandIn, docker: Docker
) -> None:
    dockerd.answers["GET /volumes"] = as_json({"Volumes": [{"Name": volume}]})
    usage = {"Name": VOLUME, "UsageData": {"Size": 12_300_000}}
    dockerd.answers["GET /system/df"] = as_json({"Volumes": [usage]})
    if container:
        dockerd.answers[f"GET /containers/{CONTAINER}/json"] = as_json({})
    assert notes_on(docker, known) == notes


def test_a_host_without_volumes(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /volumes"] = as_json({"Volumes": None})
    assert notes_on(docker, set()) == []
