# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of platforms by the version of buildx. Origin: the tags of docker/buildx."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.platform_names import unreadable

WITH_DOT = "linux/arm64/v8.2"


@pytest.mark.parametrize(
    ("platform", "buildx", "refused"),
    [
        pytest.param(WITH_DOT, "0.13.1+ds1-3", True, id="Debian 13's"),
        pytest.param(WITH_DOT, "0.19.3", True, id="the last"),
        pytest.param(WITH_DOT, "0.20.0", False, id="the first"),
        pytest.param(WITH_DOT, "0.36.1", False, id="a recent one"),
        pytest.param(WITH_DOT, "library-import", False, id="an unknown one"),
        pytest.param("linux/arm64/v9", "0.13.1", False, id="no dot"),
        pytest.param("linux/amd64/v2", "0.13.1", False, id="another architecture"),
    ],
)
def test_unreadable(platform: str, buildx: str, refused: bool) -> None:
    words = f"buildx {buildx} does not accept the name {platform}, which requires 0.20"
    assert unreadable([platform, platform], buildx) == ((words,) if refused else ())
