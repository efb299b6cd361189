# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What another image store hides, in words: what dockerd counts, how large it is, and the space for it."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.vanishing import Vanishing, vanishing
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    Answer,
    DockerdStandIn,
    as_json,
)

INFO = {"Driver": "overlay2", "Images": 3, "Containers": 2, "DockerRootDir": "/var/lib/docker"}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param(
            Vanishing("overlay2", 3, 2, 4_200_000_000, "/var/lib/containerd", 20_000_000_000),
            "3 images (4.2 GB) and 2 containers of the image store overlay2; /var/lib/containerd has 20 GB free",
            id="all that can be told",
        ),
        pytest.param(
            Vanishing("overlayfs", 3, 0, None, "/var/lib/docker", 0),
            "3 images and 0 containers of the image store overlayfs; /var/lib/docker has 0 B free",
            id="a size that dockerd does not tell, and a full disk",
        ),
        pytest.param(
            Vanishing("vfs", 1, 1, 0, "/x", None), "1 images and 1 containers of the image store vfs", id="no place"
        ),
    ],
)
def test_in_words(found: Vanishing, told: str) -> None:
    assert str(found) == told


@pytest.mark.parametrize(
    ("size", "words"),
    [
        pytest.param(1, "1 B", id="byte"),
        pytest.param(999, "999 B", id="bytes"),
        pytest.param(1000, "1 kB", id="units of 1000, as Docker's"),
        pytest.param(1024, "1.02 kB", id="three digits"),
        pytest.param(999_499, "999 kB", id="rounded down"),
        pytest.param(999_500, "1 MB", id="rounded up to the next unit"),
        pytest.param(999_700_000, "1 GB", id="never 1e+03"),
        pytest.param(123_456_789_012, "123 GB", id="no digit after the point"),
        pytest.param(2_500_000_000_000, "2.5 TB", id="the largest unit"),
    ],
)
def test_sizes(size: int, words: str) -> None:
    assert str(Vanishing("overlay2", 1, 0, size, "", None)).startswith(f"1 images ({words}) and")


@pytest.mark.parametrize(
    ("images", "containers", "something"),
    [
        pytest.param(0, 0, False, id="nothing"),
        pytest.param(1, 0, True, id="an image"),
        pytest.param(0, 1, True, id="a container"),
    ],
)
def test_sizes_are_asked_for_only_if_there_is_something(
    images: int, containers: int, something: bool, dockerd: DockerdStandIn, docker: Docker
) -> None:
    """It takes minutes on a slow disk."""
    dockerd.answers["GET /system/df"] = as_json({"LayersSize": 5})
    found = vanishing(docker, {**INFO, "Images": images, "Containers": containers}, to_containerd=True)
    assert bool(found) is something
    assert found.size == (5 if something else None)
    asked = [each.path.partition("/system/")[2] for each in dockerd.asked if "/system/" in each.path]
    assert asked == (["df?type=image"] if something else [])


@pytest.mark.parametrize(
    ("answer", "size"),
    [
        pytest.param(as_json({"LayersSize": 4_200_000_000}), 4_200_000_000, id="told"),
        pytest.param(as_json({"LayersSize": None}), None, id="null"),
        pytest.param(as_json({}), None, id="not told"),
        pytest.param(as_json({"message": "x"}, 500), None, id="an error: a comfort, no condition"),
        pytest.param(Answer(200, b"{}", cut=True), None, id="an answer cut off"),
    ],
)
def test_a_size_that_dockerd_does_not_tell(
    answer: Answer, size: int | None, dockerd: DockerdStandIn, docker: Docker
) -> None:
    dockerd.answers["GET /system/df"] = answer
    assert vanishing(docker, INFO, to_containerd=True).size == size


@pytest.mark.parametrize(
    ("info", "to_containerd", "place"),
    [
        pytest.param({"DockerRootDir": "/srv/docker"}, True, "/var/lib/containerd", id="whatever data-root is"),
        pytest.param({"DockerRootDir": "/srv/docker"}, False, "/srv/docker", id="data-root"),
        pytest.param({}, False, "/var/lib/docker", id="its default"),
    ],
)
def test_the_place_of_the_next_store(info: dict[str, t.Any], to_containerd: bool, place: str, docker: Docker) -> None:
    assert vanishing(docker, info, to_containerd=to_containerd).place == place


def test_the_space_is_that_of_the_folder_above_if_the_place_is_not_there_yet(tmp_path: Path, docker: Docker) -> None:
    free = vanishing(docker, {"DockerRootDir": str(tmp_path / "not/yet")}, to_containerd=False).free
    now = os.statvfs(tmp_path)
    assert free is not None
    assert free == pytest.approx(now.f_bavail * now.f_frsize, rel=0.05)
