"""What is read of the machine: texts of the system, answers of dockerd."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import Containerd
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.survey import machine
from ansible_collections.multiarch.builders.plugins.module_utils.survey.machine import (
    cache_in,
    docker_facts,
    is_same_disk,
    memory_in,
    system_in,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

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


@pytest.mark.parametrize(
    ("root", "told"),
    [
        pytest.param("/proc", "/proc", id="on another disk than dockerd's"),
        pytest.param("{}/containerd", None, id="on the same"),
        pytest.param(None, None, id="it is not found"),
    ],
)
def test_the_disk_of_containerd(
    root: str | None,
    told: str | None,
    tmp_path: Path,
    dockerd: DockerdStandIn,
    docker: Docker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """C8: the report showed dockerd's alone."""
    (tmp_path / "containerd").mkdir()
    (tmp_path / "proc").symlink_to("/proc")
    found = None if root is None else Containerd("/run/c.sock", root.format(tmp_path))
    monkeypatch.setattr(machine, "of_dockerd", lambda _info, _document: found)
    dockerd.answers["GET /info"] = as_json({"DockerRootDir": str(tmp_path), "Driver": "overlayfs"})
    dockerd.answers["GET /version"] = as_json({"ApiVersion": "1.45"})
    disk, containerd_disk, _engine = docker_facts(docker)
    assert disk is not None
    assert disk["path"] == str(tmp_path)
    assert (containerd_disk or {"path": None})["path"] == told


def test_a_folder_that_is_not_there_is_on_no_other_disk(tmp_path: Path) -> None:
    assert is_same_disk(str(tmp_path), "/nowhere/at/all")
