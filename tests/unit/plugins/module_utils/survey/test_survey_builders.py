"""What `docker buildx` shows of builders, recorded (../buildx/data) or after its source."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Instance
from ansible_collections.multiarch.builders.plugins.module_utils.survey.builders import nodes_in, survey, total_in

RECORDED = Path(__file__).parents[1] / "buildx/data"
NAMED = "Name: b\nDriver: docker-container\n\nNodes:\nName: b0\nEndpoint: e\nStatus: running\nBuildKit version: {}\n"


@pytest.mark.parametrize(
    ("name", "states"),
    [
        pytest.param("inspect-0.13.1", {"multiarch0": "running"}, id="buildx 0.13"),
        pytest.param("inspect-0.29.1", {"multiarch0": "running"}, id="buildx 0.29, which shows files, too"),
        pytest.param("inspect-inactive", {"b10": "inactive"}, id="no container"),
        pytest.param("inspect-unreachable", {"b10": "error"}, id="no dockerd"),
        pytest.param(
            "inspect-lost-0.13.1", {"one": "inactive", "two": "error", "three": "inactive"}, id="several nodes"
        ),
        pytest.param(
            "inspect-lost-0.29.1", {"one": "inactive", "two": "error", "three": "inactive"}, id="several, buildx 0.29"
        ),
    ],
)
def test_nodes_and_their_states(name: str, states: dict[str, str]) -> None:
    nodes = nodes_in((RECORDED / f"{name}.txt").read_text())
    assert {node["name"]: node["state"] for node in nodes} == states
    for node in nodes:
        assert bool(node["why"]) == (node["state"] == "error")
        assert node["endpoint"]


@pytest.mark.parametrize(
    ("told", "version"),
    [
        pytest.param("v0.33.0", "0.33.0", id="a release"),
        pytest.param("v0.17.0-rc1", "0.17.0-rc1", id="a candidate"),
        pytest.param("v0.0.0+unknown", None, id="built without a version, as Debian's"),
    ],
)
def test_the_version_of_buildkit(told: str, version: str | None) -> None:
    assert nodes_in(NAMED.format(told))[0]["buildkit"] == version


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param("", id="nothing"),
        pytest.param('ERROR: no builder "x" found\n', id="no such builder"),
        pytest.param("Name: x\nDriver: remote\nError: no context\n", id="an error of the whole builder"),
    ],
)
def test_no_nodes_where_buildx_shows_none(shown: str) -> None:
    assert nodes_in(shown) == []


@pytest.mark.parametrize(
    ("shown", "size"),
    [
        pytest.param("Reclaimable:\t17.3MB\nTotal:\t\t17.3MB\n", 17_300_000, id="megabytes"),
        pytest.param("Total:\t\t1.234GB\n", 1_234_000_000, id="four digits"),
        pytest.param("Total:\t0B\n", 0, id="empty"),
        pytest.param("Total:\t512kB", 512_000, id="kilobytes"),
        pytest.param("ERROR: no node\n", None, id="it failed"),
        pytest.param("a Total: 1GB\n", None, id="another line"),
    ],
)
def test_the_size_of_the_cache(shown: str, size: int | None) -> None:
    assert total_in(shown) == size


def test_a_docker_that_does_not_run_is_not_started_by_asking() -> None:
    wanted = Instance("b", "docker-container", "moby/buildkit:v0.33.0", {}, (), True, "", {})
    (row,) = survey([wanted], ["root"], Docker("/nonexistent/docker.sock"))
    assert [(node["state"], node["why"]) for node in row["nodes"]] == [("unknown", "docker does not run")]
