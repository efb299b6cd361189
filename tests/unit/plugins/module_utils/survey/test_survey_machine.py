"""What is read of the machine: texts of the system, answers of dockerd."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.survey.machine import cache_in, memory_in, system_in

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nID=debian\n'


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param(DEBIAN, "Debian GNU/Linux 13 (trixie)", id="Debian"),
        pytest.param("ID=alpine\nPRETTY_NAME='Alpine Linux v3.22'\n", "Alpine Linux v3.22", id="single quotes"),
        pytest.param("PRETTY_NAME=Buildroot\n", "Buildroot", id="no quotes"),
        pytest.param("ID=strange\n", "", id="no name for people"),
        pytest.param("", "", id="no file"),
    ],
)
def test_the_operating_system(text: str, name: str) -> None:
    assert system_in(text) == name


def test_memory_in_bytes() -> None:
    assert memory_in("MemFree: 1 kB\nMemTotal:       24684092 kB\n") == 24684092 * 1024
    assert memory_in("") == 0


@pytest.mark.parametrize(
    ("usage", "size"),
    [
        pytest.param(
            {"BuildCache": [{"Size": 5}, {"Size": 7}, {"Size": -1}]}, 12, id="API 1.42 to 1.51: a record each"
        ),
        pytest.param({"BuildCache": None}, 0, id="none"),
        pytest.param({"BuildCacheUsage": {"TotalSize": 12}, "BuildCache": [{"Size": 5}]}, 12, id="API 1.52: both"),
        pytest.param({"BuildCacheUsage": {"TotalSize": 12}}, 12, id="API 1.53: a sum"),
        pytest.param({"BuildCacheUsage": {}}, 0, id="API 1.53: none"),
    ],
)
def test_the_cache_of_dockerd_itself(usage: dict[str, t.Any], size: int) -> None:
    assert cache_in(usage) == size
