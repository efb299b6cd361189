# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which API a dockerd serves at least, and who speaks less."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.api_floor import (
    BUILDX,
    CLIENTS,
    COMPOSE,
    GITLAB_RUNNER,
    Client,
    Table,
    below,
    floor_of,
)


@pytest.mark.parametrize(
    ("engine", "lowered", "floor"),
    [
        pytest.param("20.10.24+dfsg1", "", (1, 12), id="Debian 12"),
        pytest.param("26.1.5", "", (1, 24), id="Debian 13"),
        pytest.param("5:28.5.2-1~debian.13~trixie", "", (1, 24), id="a package"),
        pytest.param("29.0.0", "", (1, 44), id="29 raises it"),
        pytest.param("29.2.1", "", (1, 44), id="the last with it"),
        pytest.param("29.3.0", "", (1, 40), id="29.3 lowers it"),
        pytest.param("29.7.2", "", (1, 40), id="29.7"),
        pytest.param("29.0.0", "1.24", (1, 24), id="lowered by its settings"),
        pytest.param("28.5.2", "1.44", (1, 44), id="raised by its settings"),
    ],
)
def test_floors(engine: str, lowered: str, floor: tuple[int, ...]) -> None:
    assert floor_of(engine, lowered) == floor


@pytest.mark.parametrize(
    ("table", "version", "api"),
    [
        pytest.param(CLIENTS, "19.03.15", (1, 40), id="docker 19.03"),
        pytest.param(CLIENTS, "20.10.24+dfsg1", (1, 41), id="docker 20.10"),
        pytest.param(CLIENTS, "24.0.9", (1, 43), id="docker 24"),
        pytest.param(CLIENTS, "25.0.0", (1, 44), id="docker 25"),
        pytest.param(BUILDX, "0.13.1+ds1", (1, 45), id="the oldest buildx for builders"),
        pytest.param(BUILDX, "v0.12.1", (1, 43), id="the one before"),
        pytest.param(COMPOSE, "1.29.2", (1, 38), id="compose in Python"),
        pytest.param(COMPOSE, "2.5.0", (1, 42), id="compose 2.5 (docker/compose#13389)"),
        pytest.param(COMPOSE, "2.23.3", (1, 43), id="compose 2.23"),
        pytest.param(COMPOSE, "v2.24.0", (1, 44), id="compose 2.24"),
        pytest.param(COMPOSE, "5.0.0", (1, 44), id="newer than the table"),
        pytest.param(GITLAB_RUNNER, "17.4.0", (1, 43), id="gitlab-runner 17.4"),
        pytest.param(GITLAB_RUNNER, "17.5.0", (1, 44), id="gitlab-runner 17.5"),
    ],
)
def test_what_clients_speak(table: Table, version: str, api: tuple[int, ...]) -> None:
    assert Client("it", version, "/it", table).api == api


def test_who_speaks_less() -> None:
    compose = Client("compose", "2.20.2", "/usr/libexec/docker/cli-plugins/docker-compose", COMPOSE)
    buildx = Client("buildx", "0.13.1", "/usr/libexec/docker/cli-plugins/docker-buildx", BUILDX)
    assert below((1, 44), (compose, buildx)) == (
        "compose 2.20.2 (/usr/libexec/docker/cli-plugins/docker-compose, up to 1.43)",
    )
    assert below((1, 40), (compose, buildx)) == ()
