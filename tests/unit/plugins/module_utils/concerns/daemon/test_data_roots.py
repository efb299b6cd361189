# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is moved and removed, and each reason why data stays where it is, in words."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import data_roots
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.data_roots import (
    MoveData,
    NameRoot,
    RemoveFormer,
    SettleMove,
    Sight,
    Site,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.mounts import Mount
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Kind

ROOT, DISK = Mount("/", ("rw",), "ext4"), Mount("/data", ("rw", "relatime"), "xfs")
GIB = 1024**3
SIGHT = Sight((ROOT, DISK), ("local-fs.target",), firm=True, used=(GIB, 5000), free=(3 * GIB, 100_000))
DOCKER = Site("docker", "/data/docker", "/data/docker", "/var/lib/docker", sight=SIGHT)
CONTAINERD = Site("containerd", "/data/containerd", "/data/containerd", "/var/lib/containerd", sight=SIGHT)
BOTH = (DOCKER, CONTAINERD)
THERE = replace(DOCKER, now="/data/docker")
UNNAMED = replace(CONTAINERD, now="/data/containerd")
LEFT = replace(THERE, former="/var/lib/docker")
STOPPED = replace(DOCKER, now=None)


def with_sight(**changes: t.Any) -> Site:
    return replace(DOCKER, sight=replace(SIGHT, **changes))


def on(mount: Mount, **changes: t.Any) -> Site:
    return with_sight(mounts=(ROOT, mount), **changes)


@pytest.mark.parametrize(
    ("sites", "steps"),
    [
        pytest.param((), [], id="nothing is asked"),
        pytest.param((THERE,), [], id="it is there"),
        pytest.param((DOCKER,), [MoveData((DOCKER,))], id="it is elsewhere"),
        pytest.param((THERE, CONTAINERD), [MoveData((CONTAINERD,))], id="one of two is elsewhere"),
        pytest.param(BOTH, [MoveData(BOTH)], id="both are moved at once"),
        pytest.param((LEFT,), [RemoveFormer("docker", "/var/lib/docker")], id="a killed run did not remove the former"),
        pytest.param(
            (replace(LEFT, left=("/a", "/b")),),
            [RemoveFormer("docker", each) for each in ("/a", "/b", "/var/lib/docker")],
            id="of several moves",
        ),
        pytest.param((replace(LEFT, builders=("b",)),), [], id="builders do not run yet"),
        pytest.param(
            (replace(LEFT, builders=("b",), unseen=True),), [SettleMove("docker")], id="docker was not seen to run"
        ),
        pytest.param((STOPPED,), [], id="docker does not run"),
        pytest.param((UNNAMED,), [NameRoot(UNNAMED)], id="somebody changed containerd's file"),
        pytest.param((replace(UNNAMED, is_named=True),), [], id="its file names it"),
    ],
)
def test_what_is_done(sites: tuple[Site, ...], steps: list[object]) -> None:
    assert [each.step for each in (*data_roots.closing(sites), *data_roots.move(sites))] == steps


def test_a_move_is_told_with_its_size() -> None:
    (action,) = data_roots.move((DOCKER, replace(CONTAINERD, copied=True)))
    assert action.summary == (
        "move docker's data from /var/lib/docker to /data/docker (1.1 GB), containerd's data from /var/lib/containerd "
        "to /data/containerd (1.1 GB, of which an earlier run has copied a part): docker and containerd stop while the "
        "rest of it is copied, and the former place is removed once they run"
    )


@pytest.mark.parametrize(
    ("site", "words"),
    [
        (on(replace(DISK, kind="nfs4")), "/data is a file system of type nfs4, which does not keep all"),
        (on(replace(DISK, kind="overlay")), "is a file system of type overlay"),
        (on(replace(DISK, options=("rw", "nodev", "noexec"))), "/data is mounted with noexec, nodev: programs"),
        (on(replace(DISK, options=("ro",))), "mount -o remount /data"),
        (on(DISK, starts=(), firm=False), "nothing mounts /data at boot, so docker would start with an empty folder"),
        (on(DISK, firm=False), "RequiresMountsFor=/data/docker"),
        (with_sight(empty=False), "/data/docker is not empty, and what is in it is not ours"),
        (with_sight(faults=("said",)), "said"),
        (with_sight(mounts=(ROOT, DISK, Mount("/var/lib/docker/volumes", ("rw",), "ext4"))), "is a mount of its own"),
        (replace(DOCKER, wanted="/var/lib/docker/data"), "/var/lib/docker, where docker's data is, are nested"),
        (replace(DOCKER, now="/data/docker/old"), "are nested"),
        (replace(DOCKER, left=("/data",)), "and /data, where docker's data was, and which is going to be removed"),
        (replace(DOCKER, left=("/data/docker/old",)), "and /data/docker/old, where docker's data was"),
        (with_sight(free=(GIB, None)), "/data has 1.1 GB free, and 1.2 GB are needed for docker: nothing was stopped"),
        (with_sight(free=(None, 5500)), "/data has 5500 inodes free, and 6050 inodes are needed for docker"),
    ],
)
def test_what_is_refused(site: Site, words: str) -> None:
    with pytest.raises(HostError, match=r"builder_data_roots|said") as failure:
        data_roots.move((site,))
    assert words in str(failure.value)


@pytest.mark.parametrize(
    "sites",
    [
        pytest.param((on(ROOT, firm=False, starts=()),), id="the disk of /, which is always there"),
        pytest.param((with_sight(mounts=()),), id="mounts are unknown"),
        pytest.param((replace(with_sight(empty=False), copied=True),), id="what an earlier run copied"),
        pytest.param((with_sight(free=(None, None)),), id="free space is unknown"),
        pytest.param((with_sight(free=(GIB // 2, None), there=(GIB * 3 // 4, 0)),), id="the rest fits"),
        pytest.param(
            (with_sight(mounts=(ROOT, DISK, Mount("/var/lib/docker/overlay2/1/merged", (), "overlay"))),),
            id="a container runs",
        ),
        pytest.param((replace(THERE, sight=replace(SIGHT, faults=("x",))),), id="it is there already"),
    ],
)
def test_what_is_not_refused(sites: tuple[Site, ...]) -> None:
    data_roots.move(sites)


def test_a_former_place_of_the_other_one_is_no_target() -> None:
    other = replace(UNNAMED, is_named=True, former="/data/docker")
    with pytest.raises(HostError, match=r"/data/docker, where containerd's data was, and which is going to be removed"):
        data_roots.move((DOCKER, other))


def test_both_have_to_fit_on_one_disk() -> None:
    tight = tuple(replace(each, sight=replace(SIGHT, free=(2 * GIB, None))) for each in BOTH)
    data_roots.move(tight[:1])
    with pytest.raises(HostError, match=r"and 2\.2 GB are needed for docker and containerd"):
        data_roots.move(tight)


@pytest.mark.parametrize(
    ("sites", "document", "allowed", "patch"),
    [
        ((DOCKER,), {}, True, {"data-root": "/data/docker"}),
        ((DOCKER,), {}, False, {}),
        ((DOCKER,), {"data-root": "/old"}, False, {"data-root": "/old"}),
        ((THERE,), {}, False, {"data-root": "/data/docker"}),
        ((STOPPED,), {}, True, {"data-root": "/data/docker"}),
        ((STOPPED,), {}, False, {}),
        ((STOPPED,), {"data-root": "/data/docker"}, False, {"data-root": "/data/docker"}),
        ((CONTAINERD,), {}, True, {}),
    ],
)
def test_the_key_of_daemon_json(
    sites: tuple[Site, ...], document: dict[str, t.Any], allowed: bool, patch: dict[str, t.Any]
) -> None:
    assert data_roots.patch(sites, document, allowed=allowed) == patch


def test_notes() -> None:
    (note,) = data_roots.notes((DOCKER,), allowed=False)
    assert (note.kind, note.text) == (
        Kind.WAITS,
        "docker's data stays in /var/lib/docker, as builder_disruption: never forbids its move",
    )
    (note,) = data_roots.notes((replace(LEFT, builders=("buildx_buildkit_a0",)),), allowed=True)
    assert note.text.endswith("stays until buildx_buildkit_a0 run")
    (note,) = data_roots.notes((replace(LEFT, left=("/a",), builders=("b",)),), allowed=True)
    assert note.text == "/a and /var/lib/docker, from where docker's data was moved, stays until b run"
    (note,) = data_roots.notes((on(replace(DISK, kind="tmpfs")),), allowed=True)
    assert note.kind is Kind.LIMIT
    assert data_roots.notes((DOCKER, LEFT), allowed=True) == ()


def test_docker_stops_for_containerds_data_too() -> None:
    assert data_roots.reasons(BOTH) == ["containerd's data moves to /data/containerd"]
    assert data_roots.reasons((DOCKER,)) == []
