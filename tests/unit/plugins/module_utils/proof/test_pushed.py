# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the index of a registry proves; what is read back is in test_build.py."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof.pushed import index_platforms

# `docker buildx imagetools inspect --raw` of a pushed index, less digests and sizes.
INDEX: list[dict[str, t.Any]] = [
    {"platform": {"architecture": "amd64", "os": "linux"}},
    {"platform": {"architecture": "arm64", "os": "linux"}},
    {"platform": {"architecture": "arm", "os": "linux", "variant": "v7"}},
]
ATTESTATION = {
    "platform": {"architecture": "unknown", "os": "unknown"},
    "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
}


@pytest.mark.parametrize(
    ("manifests", "platforms"),
    [
        pytest.param(INDEX, {"linux/amd64", "linux/arm64", "linux/arm/v7"}, id="recorded"),
        pytest.param([INDEX[0], ATTESTATION], {"linux/amd64"}, id="attestations are no platform"),
        pytest.param(
            [{"platform": {"architecture": "arm64", "os": "linux", "variant": "v8"}}],
            {"linux/arm64"},
            id="the common variant, written out",
        ),
        pytest.param([{"platform": {"architecture": "amd64", "os": "windows"}}], set(), id="Windows"),
        pytest.param([{"platform": {"architecture": "sparc64", "os": "linux"}}], set(), id="what nobody can ask for"),
        pytest.param([{"platform": None}, {}], set(), id="without a platform"),
        pytest.param([], set(), id="empty"),
    ],
)
def test_index_platforms(manifests: list[dict[str, t.Any]], platforms: set[str]) -> None:
    assert index_platforms(manifests) == platforms
