# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions as the programs of Debian 12, 13 and testing and of Docker's own packages tell them."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version, text_of, version_of


@pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param("26.1.5+dfsg1", (26, 1, 5), id="Debian's engine"),
        pytest.param("29.0.0", (29, 0, 0), id="Docker's engine"),
        pytest.param("v0.29.1", (0, 29, 1), id="with a letter"),
        pytest.param("github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3", (0, 13, 1), id="in a sentence"),
        pytest.param("24.0", (24, 0), id="short"),
        pytest.param("0.13.0-rc2", (0, 13, 0), id="before a release"),
        pytest.param("23.0.0-rc.1", (23, 0, 0), id="before a release, with a dot"),
        pytest.param("library-import", (), id="no number"),
        pytest.param("٢.٣", (), id="digits that are not ASCII"),
        pytest.param(f"{'1' * 5000}.2", (111111111, 2), id="digits without end"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_version_of(text: str, version: Version) -> None:
    assert version_of(text) == version


def test_versions_are_in_order() -> None:
    versions = ["", "0.9.1", "0.11.2", "0.12", "0.12.1", "0.29.1", "20.10.24", "23.0.6", "24.0", "24.0.1", "28.5.2"]
    for older, newer in zip(versions, versions[1:]):
        assert version_of(older) < version_of(newer)


def test_text_of_a_version() -> None:
    assert text_of((24, 0, 8)) == "24.0.8"
