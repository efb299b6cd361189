# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What another image store hides, in words: what dockerd counts, how large it is, and the space for it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hiding import (
    CONTAINERS,
    IMAGES,
    VOLUMES,
    Hiding,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.vanishing import (
    Vanishing,
    Volumes,
    needs_leave,
    vanishing,
    way_out,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    Answer,
    DockerdStandIn,
    as_json,
)

STORED = frozenset({IMAGES, CONTAINERS})
SWITCH = Hiding(
    ("features", "containerd-snapshotter"), "", "on", STORED, "leave_store", "{a: b}", "/var/lib/containerd"
)
MOVE = Hiding(
    ("data-root",),
    "/var/lib/docker",
    "/srv/docker",
    STORED | {VOLUMES},
    "builder_allow_data_root_switch",
    "{data-root: /var/lib/docker}",
    "/srv/docker",
)
INFO = {"Driver": "overlay2", "Images": 3, "Containers": 2, "DockerRootDir": "/var/lib/docker"}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param(
            Vanishing("of the image store overlay2", 3, 2, 4_200_000_000, "/var/lib/containerd", 20_000_000_000),
            "3 images (4.2 GB) and 2 containers of the image store overlay2; /var/lib/containerd has 20.0 GB free",
            id="all that can be told",
        ),
        pytest.param(
            Vanishing("of the image store overlayfs", 3, 0, None, "/var/lib/docker", 0),
            "3 images and 0 containers of the image store overlayfs; /var/lib/docker has 0 B free",
            id="a size that dockerd does not tell, and a full disk",
        ),
        pytest.param(
            Vanishing("of the image store overlayfs", None, 2),
            "2 containers of the image store overlayfs",
            id="no images",
        ),
        pytest.param(
            Vanishing("in /d", None, 1, volumes=Volumes(4, 2_000_000_000, 1, 1_500_000_000), networks=2, swarm=True),
            "1 containers, 4 volumes (2.0 GB; 1 of them is a builder's cache, 1.5 GB), 2 networks and its swarm "
            "membership in /d",
            id="a data-root",
        ),
        pytest.param(
            Vanishing("in /d", 3, 0, volumes=Volumes(2, None, 2, None)),
            "3 images, 0 containers and 2 volumes (2 of them are builders' caches) in /d",
            id="a data-root, without sizes",
        ),
        pytest.param(
            Vanishing("of the image store vfs", 1, 1, 0, "/x", None),
            "1 images and 1 containers of the image store vfs",
            id="no place",
        ),
    ],
)
def test_in_words(found: Vanishing, told: str) -> None:
    assert str(found) == told


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
    found = vanishing(docker, {**INFO, "Images": images, "Containers": containers}, SWITCH)
    assert bool(found) is something
    assert found.size == (5 if something else None)
    asked = [each.path.partition("/system/")[2] for each in dockerd.asked if "/system/" in each.path]
    assert asked == (["df?type=image"] if something else [])


@pytest.mark.parametrize(
    ("answer", "size"),
    [
        pytest.param(as_json({"LayersSize": 4_200_000_000}), 4_200_000_000, id="told"),
        pytest.param(as_json({"LayersSize": None}), None, id="null"),
        pytest.param(as_json({"ImageUsage": {"TotalSize": 7}}), 7, id="told since 29"),
        pytest.param(as_json({}), None, id="not told"),
        pytest.param(as_json({"message": "x"}, 500), None, id="an error: a comfort, no condition"),
        pytest.param(Answer(200, b"{}", cut=True), None, id="an answer cut off"),
    ],
)
def test_a_size_that_dockerd_does_not_tell(
    answer: Answer, size: int | None, dockerd: DockerdStandIn, docker: Docker
) -> None:
    dockerd.answers["GET /system/df"] = answer
    assert vanishing(docker, INFO, SWITCH).size == size


def test_the_space_is_that_of_the_folder_above_if_the_place_is_not_there_yet(tmp_path: Path, docker: Docker) -> None:
    free = vanishing(docker, {}, replace(SWITCH, place="/not/yet")).free
    now = os.statvfs(tmp_path)
    assert free is not None
    assert free == pytest.approx(now.f_bavail * now.f_frsize, rel=0.05)


CACHE = "buildx_buildkit_multiarch0_state"


@pytest.mark.parametrize(
    ("usage", "volumes"),
    [
        pytest.param(
            as_json({"Volumes": [{"Name": "a", "UsageData": {"Size": 5}}, {"Name": CACHE, "UsageData": {"Size": 70}}]}),
            Volumes(2, 75, 1, 70),
            id="26.1, 28.5",
        ),
        pytest.param(
            as_json(
                {
                    "VolumeUsage": {
                        "Items": [{"Name": "a", "UsageData": {"Size": 5}}, {"Name": CACHE, "UsageData": {"Size": 70}}]
                    }
                }
            ),
            Volumes(2, 75, 1, 70),
            id="29",
        ),
        pytest.param(
            as_json({"Volumes": [{"Name": "a", "UsageData": None}, {"Name": CACHE, "UsageData": {"Size": 70}}]}),
            Volumes(2, None, 1, 70),
            id="a volume of another driver has no size",
        ),
        pytest.param(as_json({"message": "x"}, 500), Volumes(2, None, 1, None), id="an error"),
    ],
)
def test_what_a_data_root_has(usage: Answer, volumes: Volumes, dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /volumes"] = as_json({"Volumes": [{"Name": "a"}, {"Name": CACHE}]})
    dockerd.answers["GET /networks"] = as_json([{"Name": each} for each in ("bridge", "host", "none", "ci")])
    dockerd.answers["GET /system/df"] = usage
    found = vanishing(docker, {**INFO, "Swarm": {"LocalNodeState": "active"}}, MOVE)
    assert (found.where, found.volumes, found.networks, found.swarm) == ("in /var/lib/docker", volumes, 1, True)
    assert bool(found) is True


@pytest.mark.parametrize(
    ("volumes", "networks", "swarm", "something"),
    [
        pytest.param([], [], "inactive", False, id="nothing"),
        pytest.param(["a"], [], "inactive", True, id="a volume"),
        pytest.param([], ["ci"], "inactive", True, id="a network"),
        pytest.param([], [], "active", True, id="a node of a swarm"),
    ],
)
def test_each_of_them_counts(
    volumes: list[str], networks: list[str], swarm: str, something: bool, dockerd: DockerdStandIn, docker: Docker
) -> None:
    dockerd.answers["GET /volumes"] = as_json({"Volumes": [{"Name": each} for each in volumes] or None})
    dockerd.answers["GET /networks"] = as_json([{"Name": each} for each in ("bridge", *networks)])
    assert bool(vanishing(docker, {"Swarm": {"LocalNodeState": swarm}}, MOVE)) is something


@pytest.mark.parametrize(
    ("going", "left"),
    [
        pytest.param((3, 2, 1), False, id="all of it"),
        pytest.param((2, 2, 1), True, id="an image stays"),
        pytest.param((3, 1, 1), True, id="a container stays"),
        pytest.param((3, 2, 0), True, id="a volume stays"),
    ],
)
def test_what_goes_before_is_not_hidden(going: tuple[int, int, int], left: bool) -> None:
    assert bool(Vanishing("in /d", 3, 2, volumes=Volumes(1)).without(*going)) is left


def test_the_ways_out_of_another_data_root_are_told() -> None:
    hidden = Vanishing("in /var/lib/docker", None, 2, volumes=Volumes(1, None, 1))
    what = "2 containers and 1 volumes (1 of them is a builder's cache) in /var/lib/docker"
    assert needs_leave(MOVE, hidden) == (
        f"with data-root /srv/docker in place of /var/lib/docker, Docker would no longer show {what} (what is hidden "
        "stays on disk, and builders start with empty caches): set builder_allow_data_root_switch: true, or keep the "
        "folder with builder_daemon_options: {data-root: /var/lib/docker}, or move the data with builder_data_roots: "
        "{docker: /srv/docker}"
    )
    assert way_out(MOVE, hidden) == (
        f"{what}; it stays on disk, and builders start with empty caches; builder_daemon_options: "
        "{data-root: /var/lib/docker} shows it again"
    )
