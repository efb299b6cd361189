"""Sizes for people, and back."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model import human_size


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        pytest.param(0, "0 B", id="nothing"),
        pytest.param(999, "999 B", id="bytes are whole"),
        pytest.param(1000, "1.0 kB", id="units of 1000, as docker's"),
        pytest.param(17_240_000, "17.2 MB", id="three digits"),
        pytest.param(99_949_999_999, "99.9 GB", id="rounded down"),
        pytest.param(123_456_789_012, "123 GB", id="no digit after the point"),
        pytest.param(999_500, "1.0 MB", id="rounded up to the next unit"),
        pytest.param(2_500_000_000_000, "2.5 TB", id="terabytes"),
        pytest.param(12 * 10**21, "12000 EB", id="more than the largest unit"),
    ],
)
def test_shown(size: int, shown: str) -> None:
    assert human_size.shown(size) == shown


@pytest.mark.parametrize(
    ("text", "size"),
    [
        pytest.param("17.3MB", 17_300_000, id="megabytes"),
        pytest.param("0B", 0, id="nothing"),
        pytest.param("1.234GB", 1_234_000_000, id="four digits"),
        pytest.param("1GiB", None, id="a unit of 1024"),
        pytest.param("1.2.3GB", None, id="no number"),
        pytest.param("", None, id="empty"),
    ],
)
def test_parsed(text: str, size: int | None) -> None:
    assert human_size.parsed(text) == size
