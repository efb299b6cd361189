"""The rows of builders, and the size that `docker buildx du` shows, after its source."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model import human_size
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node
from ansible_collections.multiarch.builders.plugins.module_utils.survey.builders import survey


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
    assert human_size.total_in(shown) == size


def test_a_docker_that_does_not_run_is_not_started_by_asking() -> None:
    wanted = Instance("b", "docker-container", "moby/buildkit:v0.32.2", {}, (), True, "", {})
    (row,) = survey([wanted], ["root"], Docker("/nonexistent/docker.sock"))
    assert [(node["state"], node["why"]) for node in row["nodes"]] == [("unknown", "docker does not run")]


@pytest.mark.parametrize(
    ("driver", "image"),
    [("docker-container", "moby/buildkit:v0.32.2"), ("kubernetes", "moby/buildkit:v0.32.2"), ("remote", None)],
)
def test_the_image_of_a_builder_that_cannot_be_asked(driver: str, image: str | None) -> None:
    wanted = Instance("b", driver, "moby/buildkit:v0.32.2", {}, (), True, "", {}, nodes=(Node("b0", "tcp://b"),))
    (row,) = survey([wanted], ["root"], Docker("/nonexistent/docker.sock"))
    assert [node["image"] for node in row["nodes"]] == [image]
