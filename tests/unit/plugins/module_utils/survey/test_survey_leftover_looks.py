# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen of builders, stores and images: a server stands in for dockerd, folders for homes and volumes."""

from __future__ import annotations

import json
import os
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD as BUILDERS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import (
    BuildxRecord,
    OwnBuilder,
    OwnNode,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import RECORD as SETTINGS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import Settings, Sweep
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.survey import leftover_looks as looks
from ansible_collections.multiarch.builders.plugins.module_utils.survey.leftovers import Entry, Node
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    CLIENT,
    WITH_CLIENT,
    DockerdStandIn,
    as_json,
)

CREATED, BUILT = 1_795_000_000, 1_795_200_000
LOCAL = "unix:///var/run/docker.sock"


def container(name: str, *volumes: str, **more: t.Any) -> dict[str, t.Any]:
    """A row of /containers/json."""
    mounts = [{"Type": "volume", "Name": each, "Source": f"/volumes/{each}"} for each in volumes]
    return {
        "Id": f"id-of-{name}",
        "Names": [f"/{name}"],
        "State": "running",
        "Created": CREATED,
        "Mounts": mounts,
        **more,
    }


def volume(name: str) -> dict[str, t.Any]:
    return {"Name": name, "CreatedAt": "2026-11-18T13:06:40+01:00", "Mountpoint": f"/volumes/{name}"}


@pytest.fixture
def host(dockerd: DockerdStandIn) -> DockerdStandIn:
    """With what each test adds to it."""
    show(dockerd)
    return dockerd


def show(
    dockerd: DockerdStandIn,
    containers: t.Sequence[t.Any] = (),
    volumes: t.Sequence[t.Any] = (),
    images: t.Sequence[t.Any] = (),
) -> None:
    dockerd.answers["GET /info"] = as_json({"DockerRootDir": "/volumes", "Driver": "overlay2"})
    dockerd.answers["GET /containers/json"] = as_json(containers)
    dockerd.answers["GET /volumes"] = as_json({"Volumes": volumes})
    dockerd.answers["GET /images/json"] = as_json(images)


def wrote(path: Path, when: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (when, when))


def test_containers_and_volumes(host: DockerdStandIn, docker: Docker, tmp_path: Path) -> None:
    names = ("buildx_buildkit_a0", "buildx_buildkit_b0", "buildx_buildkit_c0", "web", "buildx_buildkit_theirs")
    states = [f"{name}_state" for name in names]
    show(
        host,
        [
            container(names[0], states[0]),
            container(names[1], states[1], State="exited"),
            container(names[3], states[1]),
            container(names[4], "data"),  # so called, and no builder
        ],
        [
            *map(volume, states[:3]),
            volume("buildx_buildkit_d0_state"),
            volume("buildx_buildkit_notes"),
            volume(f"x{states[0]}"),
        ],
    )
    wrote(tmp_path / f"volumes/{states[0]}/runc-overlayfs/metadata_v2.db", BUILT)
    wrote(tmp_path / f"volumes/{states[0]}/history.db", BUILT + 5)  # written when old history is removed, too
    wrote(tmp_path / f"volumes/{states[1]}/cache.db", BUILT + 1)
    wrote(tmp_path / f"volumes/{states[2]}/of/another/layout", BUILT + 9)
    for folder in ("of/another", "of", ""):
        os.utime(tmp_path / f"volumes/{states[2]}" / folder, (BUILT + 2, BUILT + 2))
    found = looks.observe(docker, Settings())
    assert found.nodes == {
        "a0": Node("a0", f"id-of-{names[0]}", "running", states[0], BUILT),
        "b0": Node("b0", f"id-of-{names[1]}", "exited", states[1], BUILT + 1, ("web",)),
        "c0": Node("c0", volume=states[2], used=BUILT + 2),
        "d0": Node("d0", volume="buildx_buildkit_d0_state", used=1_795_003_600),
    }
    assert found.disk is not None
    assert (found.disk.path, found.image_disk) == ("/volumes", found.disk)


@pytest.mark.usefixtures("host", "homes")
def test_what_is_ours(docker: Docker) -> None:
    nodes = (OwnNode("Multiarch0", "", "root", True), OwnNode("elsewhere", "ssh://b", "root", True))
    BUILDERS.put(BuildxRecord(builders={"Multiarch": OwnBuilder("", "docker-container", {}, nodes)}))
    found = looks.observe(docker, Settings(nodes=("fleet-arm-1",)))
    assert found.ours == {"multiarch", "multiarch0", "elsewhere", "fleet-arm-1"}


def test_the_entries_of_all_users(host: DockerdStandIn, docker: Docker, homes: Path) -> None:
    assert host.answers
    for user, name, driver, nodes in (
        ("ci", "builder-1", "docker-container", [("Builder-10", LOCAL), ("builder-11", "default")]),
        ("ci", "fleet", "docker-container", [("fleet0", "ssh://arm")]),
        ("jane", "pods", "kubernetes", [("pods0", "kubernetes:///pods")]),
    ):
        rows = [{"Name": node, "Endpoint": endpoint} for node, endpoint in nodes]
        path = homes / user / f".docker/buildx/instances/{name}"
        wrote(path, CREATED)
        path.write_text(json.dumps({"Name": name, "Driver": driver, "Nodes": rows}))
        os.utime(path, (CREATED, CREATED))
    wrote(homes / "ci/.docker/buildx/activity/builder-1", BUILT)
    wrote(homes / "jane/.docker/buildx/instances/broken", CREATED)
    wrote(homes / "jane/.docker/buildx/instances/.tmp-x", CREATED)  # which buildx is about to rename
    store = str(homes / "ci/.docker/buildx")
    found = looks.observe(docker, Settings(stores=(store,)))
    assert set(found.entries) == {
        Entry("ci", "builder-1", ("builder-10", "builder-11"), BUILT),
        Entry("ci", "fleet", ("fleet0",), CREATED, here=False),
        Entry("jane", "pods", ("pods0",), CREATED, here=False, writable=False),
        Entry("jane", "broken", None, CREATED, writable=False),
    }
    assert found.unread == ()


def test_images_are_seen_since_they_dangle(host: DockerdStandIn, docker: Docker) -> None:
    none = "<none>@<none>"
    images = [
        {"Id": "sha256:a", "RepoTags": [], "RepoDigests": []},
        {"Id": "sha256:b", "RepoTags": ["<none>:<none>"], "RepoDigests": [none]},
        {"Id": "sha256:c", "RepoTags": None, "RepoDigests": ["moby/buildkit@sha256:d"]},  # pulled by digest
    ]
    show(host, [container("web", ImageID="sha256:b")], (), images)
    found = looks.observe(docker, Settings(), {"sha256:a": CREATED})
    assert [(each.id, each.since, each.users) for each in found.images] == [
        ("sha256:a", CREATED, ()),
        ("sha256:b", found.now, ("web",)),
    ]
    assert looks.observe(docker, Settings()).images == ()


@pytest.mark.parametrize(
    ("state", "more", "history", "expected"),
    [
        pytest.param({"Running": True}, {}, '{"type": 1}', "", id="idle"),
        pytest.param({"Running": True}, {}, '{"type": 0}', "a build is running in it", id="it builds"),
        pytest.param({"Running": True}, WITH_CLIENT, '{"type": 1}', "a client is connected to it", id="a client"),
        pytest.param({"Running": True, "Paused": True}, {}, '{"type": 0}', "", id="paused, without a client"),
        pytest.param({"Running": True, "Paused": True}, WITH_CLIENT, "", "a client is connected to it", id="paused"),
        pytest.param(None, {}, "", "", id="gone meanwhile"),
    ],
)
def test_what_runs_in_a_node(
    state: dict[str, t.Any] | None,
    more: dict[str, t.Any],
    history: str,
    expected: str,
    host: DockerdStandIn,
    docker: Docker,
    programs: Callable[[str, str], Path],
) -> None:
    host.answers.update(CLIENT)
    if state is not None:
        host.answers["GET /containers/id/json"] = as_json({"State": state, **more})
    programs("docker", f"echo '{history}'")
    assert looks.work_in(Node("a0", "id", "running"), docker) == expected


def test_what_cannot_be_looked_into_stays(host: DockerdStandIn, docker: Docker, tmp_path: Path) -> None:
    assert not tmp_path.joinpath("programs").exists()
    host.answers["GET /containers/id/json"] = as_json({"message": "of this test"}, 500)
    assert looks.work_in(Node("a0", "id", "running"), docker).startswith("it cannot be looked into: dockerd refused")


@pytest.mark.usefixtures("homes")
def test_the_rows_of_a_report(host: DockerdStandIn, docker: Docker) -> None:
    nodes = (OwnNode("multiarch0", "", "root", True),)
    BUILDERS.put(BuildxRecord(builders={"multiarch": OwnBuilder("", "docker-container", {}, nodes)}))
    names = ("buildx_buildkit_multiarch0", "buildx_buildkit_job0")
    show(host, [container(each, f"{each}_state", State="exited") for each in names])
    assert looks.unmanaged(docker) == [], "nothing is swept"
    SETTINGS.put(Settings(sweep=Sweep()))
    (row,) = looks.unmanaged(docker)
    used = "2026-11-18T11:06:40Z"
    why = f"in no user's store, last used {used}"
    assert row == {"name": "job0", "users": [], "used": used, "goes": True, "why": why}
