# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which package versions builder_engine_version means."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.engine_version import (
    choice,
    is_meant,
    numbers,
    upstream,
)

OLD, NEW = "5:28.5.2-1~debian.13~trixie", "5:29.7.2-1~debian.13~trixie"
DEBIANS = "26.1.5+dfsg1-9+deb13u1+b1"


@pytest.mark.parametrize(
    ("version", "text", "found"),
    [
        pytest.param(OLD, "28.5.2", (28, 5, 2), id="Docker's"),
        pytest.param(DEBIANS, "26.1.5+dfsg1", (26, 1, 5), id="Debian's"),
        pytest.param("20.10.24~ds1-1+deb12u1", "20.10.24~ds1", (20, 10, 24), id="Debian 12"),
        pytest.param("0.29.1+ds1", "0.29.1+ds1", (0, 29, 1), id="no revision"),
        pytest.param("29.0.0-rc.1", "29.0.0", (29, 0, 0), id="as dockerd itself says it"),
        pytest.param("29", "29", (29,), id="one number"),
        pytest.param("dev", "dev", (), id="none"),
    ],
)
def test_numbers(version: str, text: str, found: tuple[int, ...]) -> None:
    assert (upstream(version), numbers(version)) == (text, found)


@pytest.mark.parametrize(
    ("asked", "version", "meant"),
    [
        pytest.param("28", OLD, True, id="major"),
        pytest.param("28.5", OLD, True, id="minor"),
        pytest.param("28.5.2", OLD, True, id="patch"),
        pytest.param(OLD, OLD, True, id="in full"),
        pytest.param("28.5.2-1~debian.13~trixie", OLD, False, id="in full, without its epoch"),
        pytest.param("28.5.1", OLD, False, id="another patch"),
        pytest.param("2", OLD, False, id="numbers, not text"),
        pytest.param("28.50", OLD, False, id="another minor"),
        pytest.param("26.1.5", DEBIANS, True, id="Debian's"),
        pytest.param("26.1.5+dfsg1", DEBIANS, False, id="upstream and nothing else"),
    ],
)
def test_what_is_meant(asked: str, version: str, meant: bool) -> None:
    assert is_meant(asked, version) is meant


def test_the_highest_that_is_meant_is_chosen() -> None:
    known = (NEW, OLD, "5:28.5.1-1~debian.13~trixie")
    assert choice("28.5", known) == OLD
    assert choice("29", known) == NEW
    assert choice("27", known) is None
