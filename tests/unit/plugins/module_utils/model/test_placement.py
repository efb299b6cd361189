"""Where platforms are built, and which ones the host itself has to run."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.placement import (
    Builder,
    Machine,
    Place,
    machines_of,
    place_of,
    to_run_here,
)

AMD, ARM, V4 = "linux/amd64", "linux/arm64", "linux/amd64/v4"
LOCAL, REMOTE = [Machine(True)], [Machine(False)]
SPREAD = [Machine(True, (AMD,)), Machine(False, (ARM,))]


@pytest.mark.parametrize(
    ("driver", "nodes", "machines"),
    [
        pytest.param("docker-container", [Node("b0")], LOCAL, id="this host"),
        pytest.param("docker-container", [Node("b0", "ssh://ci@arm-1")], REMOTE, id="a node by ssh"),
        pytest.param("docker-container", [Node("b0", "arm")], REMOTE, id="a context"),
        pytest.param("docker-container", [Node("b0", "unix:///run/user/1000/docker.sock")], LOCAL, id="a socket here"),
        pytest.param("remote", [Node("b0", "unix:///run/buildkit/buildkitd.sock")], LOCAL, id="a BuildKit here"),
        pytest.param("remote", [Node("b0", "docker-container://buildkit")], LOCAL, id="a BuildKit in a container here"),
        pytest.param("remote", [Node("b0", "tcp://builds:1234", serve="big")], REMOTE, id="served by another host"),
        pytest.param("kubernetes", [Node("b0")], REMOTE, id="pods"),
        pytest.param(
            "docker-container", [Node("a", platforms=(AMD,)), Node("b", "ssh://arm-1", (ARM,))], SPREAD, id="both"
        ),
    ],
)
def test_machines_of(driver: str, nodes: list[Node], machines: Builder) -> None:
    asked = Instance("b", driver, "image", {}, (), default=True, config="", certificates={}, nodes=tuple(nodes))
    assert machines_of(asked) == machines


@pytest.mark.parametrize(
    ("builder", "place"),
    [
        pytest.param(LOCAL, Place.HERE, id="one node, here"),
        pytest.param(REMOTE, Place.ELSEWHERE, id="one node, elsewhere"),
        pytest.param([], Place.HERE, id="nothing is known"),
        pytest.param(LOCAL + REMOTE, Place.EITHER, id="nodes that name nothing"),
        pytest.param(SPREAD, Place.ELSEWHERE, id="the other node names it"),
        pytest.param([Machine(True, (ARM,)), *REMOTE], Place.HERE, id="the node here names it"),
        pytest.param([Machine(True, (ARM,)), Machine(False, (ARM,))], Place.EITHER, id="both name it"),
        pytest.param([Machine(True, (AMD,)), Machine(False, (AMD,))], Place.EITHER, id="both name something else"),
    ],
)
def test_where_arm64_is_built(builder: Builder, place: Place) -> None:
    assert place_of(builder, ARM) is place


@pytest.mark.parametrize(
    ("builders", "concerns", "platforms"),
    [
        pytest.param([LOCAL], [], [AMD, ARM, V4], id="a node here builds all"),
        pytest.param([REMOTE], [], [], id="a client without emulators"),
        pytest.param([REMOTE], ["binfmt"], [AMD, ARM], id="a client that runs images too, but not what it cannot"),
        pytest.param([[Machine(True, (AMD,)), Machine(False, (ARM, V4))]], [], [AMD], id="each machine its own"),
        pytest.param([LOCAL + REMOTE], [], [], id="only the build can tell where"),
        pytest.param([REMOTE, LOCAL], [], [AMD, ARM, V4], id="one of two builders is here"),
        pytest.param([], ["binfmt"], [AMD, ARM, V4], id="emulation without a builder"),
        pytest.param([], [], [], id="neither"),
    ],
)
def test_what_the_host_itself_has_to_run(builders: list[Builder], concerns: list[str], platforms: list[str]) -> None:
    assert list(to_run_here([AMD, ARM, V4], builders, concerns, impossible={V4})) == platforms
