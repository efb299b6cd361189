# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A containerd that keeps its data elsewhere: told before its next start and after it, refused where it lost any."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import containerd_root
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import DATABASE, Containerd
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

STORE = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]], "Images": 3, "Containers": 2}
GRAPH = {"Driver": "overlay2", "Images": 3, "Containers": 2}
HERE = Containerd("/run/c.sock", "/srv/c", ("--root", "/srv/c"))
MOVING = Containerd("/run/c.sock", "/srv/c", ("--root", "/elsewhere"))


def moved(tmp_path: Path) -> str:
    """A folder that containerd had, with its data."""
    database = tmp_path / f"former{DATABASE}"
    database.parent.mkdir(parents=True)
    database.touch()
    record.save("daemon", {"containerd_root": "/former"})
    return "/former"


def test_that_it_will_move_is_told() -> None:
    (told,) = containerd_root.notes(STORE, MOVING)
    assert told.startswith(
        "containerd keeps its data in /srv/c now, and in /elsewhere after its next start: then Docker would no "
        "longer show 3 images or start 2 containers, which stay in /srv/c. "
    )


@pytest.mark.parametrize(
    ("info", "found"),
    [
        pytest.param(STORE, HERE, id="it stays"),
        pytest.param(STORE, None, id="it is not found"),
        pytest.param(GRAPH, MOVING, id="images are not in it"),
        pytest.param({**STORE, "Images": 0, "Containers": 0}, MOVING, id="nothing is in it"),
    ],
)
def test_what_is_not_told(info: dict[str, object], found: Containerd | None) -> None:
    assert containerd_root.notes(info, found) == ()


def test_that_it_moved_is_told_while_the_former_folder_is_there(tmp_path: Path) -> None:
    former = moved(tmp_path)
    (told,) = containerd_root.notes(STORE, HERE)
    assert told.startswith(f"containerd keeps its data in /srv/c, and kept it in {former} before: ")
    assert containerd_root.notes(STORE, Containerd("/run/c.sock", former, ("--root", former))) == ()
    (tmp_path / f"former{DATABASE}").unlink()
    assert containerd_root.notes(STORE, HERE) == ()


def test_containers_that_it_lost_are_refused(tmp_path: Path, dockerd: DockerdStandIn, docker: Docker) -> None:
    former = moved(tmp_path)
    rows = [{"Names": ["/lost"], "ImageID": "sha256:1"}, {"Names": ["/made-since"], "ImageID": "sha256:2"}]
    dockerd.answers["GET /containers/json"] = as_json(rows)
    dockerd.answers["GET /images/sha256:2/json"] = as_json({"Id": "sha256:2"})
    told = containerd_root.stranded(STORE, HERE, docker)
    assert told is not None
    assert told.what.startswith(f"containerd keeps its data in /srv/c, and kept it in {former} when ")
    assert "images and layers of lost are not in it" in told.what
    assert told.remedy.endswith("`docker rm --force lost`")
    dockerd.answers["GET /containers/json"] = as_json(rows[1:])
    assert containerd_root.stranded(STORE, HERE, docker) is None
    assert containerd_root.stranded(GRAPH, HERE, docker) is None


def test_where_it_is_is_remembered(dockerd: DockerdStandIn, docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containerd_root, "of_dockerd", lambda _info, _document: HERE)
    dockerd.answers["GET /info"] = as_json(GRAPH)
    containerd_root.remember(docker)
    assert record.load("daemon") == {}
    dockerd.answers["GET /info"] = as_json(STORE)
    containerd_root.remember(docker)
    assert record.load("daemon") == {"containerd_root": "/srv/c"}
