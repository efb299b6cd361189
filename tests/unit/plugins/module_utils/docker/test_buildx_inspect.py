"""What `docker buildx inspect` shows, recorded (buildx/data) or after its source."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_inspect import parse

NODE = "Name: b\n\nNodes:\nName: b0\n"
DATA = Path(__file__).parents[1] / "concerns/buildx/data"
NAMED = "Name: b\nDriver: docker-container\n\nNodes:\nName: b0\nEndpoint: e\nStatus: running\nBuildKit version: {}\n"


def recorded(name: str) -> str:
    return (DATA / f"inspect-{name}.txt").read_text()


@pytest.mark.parametrize(
    ("shown", "states"),
    [
        pytest.param(recorded("0.13.1"), {"multiarch0": "running"}, id="buildx 0.13"),
        pytest.param(recorded("0.29.1"), {"multiarch0": "running"}, id="buildx 0.29, which shows files, too"),
        pytest.param(recorded("inactive"), {"b10": "inactive"}, id="no container"),
        pytest.param(recorded("unreachable"), {"b10": "Cannot connect to the Docker daemon"}, id="no dockerd"),
        pytest.param(
            recorded("lost-0.13.1"),
            {"one": "inactive", "two": "error during connect: Get", "three": "inactive"},
            id="0.13: one of several is lost",
        ),
        pytest.param(
            recorded("lost-0.29.1"),
            {"one": "inactive", "two": "error during connect: Get", "three": "inactive"},
            id="0.29: one of several is lost",
        ),
        pytest.param(
            recorded("0.13.1") + "\nName:     multiarch1\nError:    gone: x\n",
            {"multiarch0": "running", "multiarch1": "gone: x"},
            id="the second is gone",
        ),
        pytest.param(
            recorded("0.29.1") + "File#x:\n > Status: stopped\n > Error: none\n",
            {"multiarch0": "running"},
            id="a file's own words are no status",
        ),
    ],
)
def test_nodes_and_their_states(shown: str, states: dict[str, str]) -> None:
    found = parse(shown)
    assert [node.name for node in found.nodes] == list(states)
    for node, state in zip(found.nodes, states.values()):
        assert (node.status or node.error).startswith(state)
        assert bool(node.status) != bool(node.error)
    assert found.errors == tuple(node.error for node in found.nodes if node.error)


@pytest.mark.parametrize(
    ("shown", "platforms"),
    [
        pytest.param(recorded("0.13.1"), ("linux/amd64", "linux/arm64"), id="recorded"),
        pytest.param(NODE + "Platforms: linux/arm64*, linux/amd64\n", ("linux/arm64", "linux/amd64"), id="asked for"),
        pytest.param(NODE + "Platforms:\n", (), id="none"),
        pytest.param(NODE, (), id="a node that does not run tells none"),
    ],
)
def test_platforms(shown: str, platforms: tuple[str, ...]) -> None:
    (node,) = parse(shown).nodes
    assert {*platforms} <= {*node.platforms}
    assert bool(platforms) == bool(node.platforms)


@pytest.mark.parametrize(
    ("shown", "name", "errors"),
    [
        pytest.param("", "", (), id="nothing: the words are on stderr"),
        pytest.param(
            "Name:   x\nDriver: docker-container\nError:  failed to find driver\n",
            "x",
            ("failed to find driver",),
            id="an error of the whole builder",
        ),
    ],
)
def test_without_nodes(shown: str, name: str, errors: tuple[str, ...]) -> None:
    found = parse(shown)
    assert (found.name, found.errors, found.nodes) == (name, errors, ())


@pytest.mark.parametrize(
    ("told", "version"),
    [
        pytest.param("v0.33.0", "0.33.0", id="a release"),
        pytest.param("v0.17.0-rc1", "0.17.0-rc1", id="a candidate"),
        pytest.param("v0.0.0+unknown", None, id="built without a version, as Debian's"),
    ],
)
def test_the_builder_its_endpoint_and_the_version_of_buildkit(told: str, version: str | None) -> None:
    found = parse(NAMED.format(told))
    assert found.name == "b"
    assert [(node.endpoint, node.buildkit) for node in found.nodes] == [("e", version)]
