# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts are refused: the generations of Debian 12, 13 and testing, and others."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.engine.decide import (
    EngineState,
    Needs,
    refusals,
)

ALL = Needs(image_store=True, builders=True)
STORE = Needs(image_store=True, builders=False)
BUILDERS = Needs(image_store=False, builders=True)
NOTHING = Needs(image_store=False, builders=False)

OLD_ENGINE = "containerd image store (features.containerd-snapshotter) needs 24.0"
NO_BUILDX = "the buildx plugin is not installed"
OLD_BUILDX = "builders need 0.13 or newer"


@pytest.mark.parametrize(
    ("engine", "buildx", "installed", "needs", "told"),
    [
        pytest.param("20.10.24+dfsg1", None, True, ALL, (OLD_ENGINE, NO_BUILDX), id="Debian 12"),
        pytest.param("26.1.5+dfsg1", "0.13.1+ds1", True, ALL, (), id="Debian 13"),
        pytest.param("28.5.2+dfsg4", "0.29.1+ds1", True, ALL, (), id="Debian testing"),
        pytest.param("29.0.0", "0.33.0", True, ALL, (), id="Docker's own"),
        pytest.param(None, None, False, ALL, ("Docker is not installed",), id="nothing: one reason is enough"),
        pytest.param(None, None, False, NOTHING, ("Docker is not installed",), id="nothing, nothing asked"),
        pytest.param("23.0.6", "0.13.1", True, ALL, (OLD_ENGINE,), id="engine too old"),
        pytest.param("24.0.0", "0.13.0", True, ALL, (), id="the oldest that serve"),
        pytest.param("24.0", "0.13", True, ALL, (), id="the oldest that serve, short"),
        pytest.param("26.1.5", "0.11.2", True, ALL, (OLD_BUILDX,), id="buildx too old"),
        pytest.param("26.1.5", "0.9.1", True, ALL, (OLD_BUILDX,), id="versions are numbers, not text"),
        pytest.param("20.10.24", None, True, STORE, (OLD_ENGINE,), id="no builders asked"),
        pytest.param("20.10.24", "0.11.2", True, BUILDERS, (OLD_BUILDX,), id="no image store asked"),
        pytest.param("20.10.24", None, True, NOTHING, (), id="nothing asked"),
        pytest.param(None, "0.13.1", True, ALL, (), id="not running: its version is told after the start"),
    ],
)
def test_refusals(engine: str | None, buildx: str | None, installed: bool, needs: Needs, told: tuple[str, ...]) -> None:
    found = refusals(EngineState(engine, buildx, installed), needs)
    assert len(found) == len(told)
    for refusal, words in zip(found, told, strict=True):
        assert words in refusal
        assert "install Docker's or the distribution's newer packages" in refusal, "no way out is told"


def test_the_way_without_a_newer_engine_is_told() -> None:
    (refusal,) = refusals(EngineState("20.10.24+dfsg1", None, True), STORE)
    assert "Docker 20.10.24+dfsg1 is here" in refusal
    assert "builder_daemon_options: {features: {containerd-snapshotter: null}}" in refusal
