# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which storage drivers are refused on which file system, before docker is restarted for one."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import DaemonState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.ours import Keys
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.snapshotters import (
    file_system,
    refusals,
    type_at,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import Containerd
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS

# `ctr plugins ls` of containerd 1.7.24, as packaged by Debian 13.
LISTED = """\
TYPE                                   ID                       PLATFORMS      STATUS
io.containerd.content.v1               content                  -              ok
io.containerd.snapshotter.v1           blockfile                linux/amd64    skip
io.containerd.snapshotter.v1           btrfs                    linux/amd64    skip
io.containerd.snapshotter.v1           devmapper                linux/amd64    error
io.containerd.snapshotter.v1           native                   linux/amd64    ok
io.containerd.snapshotter.v1           overlayfs                linux/amd64    ok
"""
WITH_BTRFS = LISTED.replace("btrfs                    linux/amd64    skip", "btrfs linux/amd64 ok")
STORE = {"features": {"containerd-snapshotter": True}}
CONTAINERD = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]], "DockerRootDir": "/var/lib/docker"}
GRAPH = {"Driver": "overlay2", "DockerRootDir": "/var/lib/docker"}


def state(info: dict[str, t.Any], engine: str = "28.5.2") -> DaemonState:
    found = Containerd("/run/c.sock", "/var/lib/containerd")
    return DaemonState(None, {}, Keys({}), {**info, "ServerVersion": engine}, NO_EFFECTS, containerd=found)


def mounted(root: Path, table: str) -> None:
    """*table* is what the host has mounted."""
    path = root / "proc/self/mountinfo"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(table)


def refused(
    info: dict[str, t.Any],
    driver: object,
    features: dict[str, t.Any],
    root: Path,
    *,
    lies: str = "ext4",
    engine: str = "28.5.2",
    **others: t.Any,
) -> str:
    mounted(root, f"1 0 0:1 / / rw - {lies} /dev/sda rw\n")
    return "; ".join(refusals(state(info, engine), {**features, "storage-driver": driver, **others}))


@pytest.mark.parametrize(
    ("driver", "listed", "lies", "told"),
    [
        pytest.param("native", LISTED, "ext4", "", id="it has native"),
        pytest.param("btrfs", WITH_BTRFS, "btrfs", "", id="it has btrfs"),
        pytest.param("btrfs", LISTED, "ext4", "has not loaded, as /var/lib/containerd is on ext4", id="skipped"),
        pytest.param("btrfs", LISTED, "btrfs", "has not loaded: it has native, overlayfs", id="mounted later"),
        pytest.param("devmapper", LISTED, "ext4", "has not loaded: it has native, overlayfs", id="not configured"),
        pytest.param("stargz", LISTED, "ext4", "does not have: it has native, overlayfs", id="no such plugin"),
        pytest.param("zfs", LISTED, "xfs", "does not have, as /var/lib/containerd is on xfs", id="built without it"),
        pytest.param("overlay2", LISTED, "ext4", "", id="a graph driver, which another check tells"),
        pytest.param("btrfs", None, "ext4", "and /var/lib/containerd is on ext4", id="no ctr: by the file system"),
        pytest.param("btrfs", None, "btrfs", "", id="no ctr, and it is on btrfs"),
        pytest.param("stargz", None, "ext4", "", id="no ctr: nobody can tell"),
        pytest.param("btrfs", "", "ext4", "and /var/lib/containerd is on ext4", id="ctr does not answer"),
        pytest.param(None, LISTED, "ext4", "", id="none is named"),
    ],
)
def test_a_snapshotter(
    driver: str | None,
    listed: str | None,
    lies: str,
    told: str,
    programs: Callable[[str, str], Path],
    tmp_path: Path,
) -> None:
    if listed is not None:
        programs("ctr", f"test \"$2\" = /run/c.sock && cat <<'END'\n{listed}END")
    for info, features in ((CONTAINERD, STORE), (GRAPH, STORE)):
        found = refused(info, driver, features, tmp_path, lies=lies)
        assert told in found
        assert bool(found) is bool(told)


def test_the_remedies_are_told(programs: Callable[[str, str], Path], tmp_path: Path) -> None:
    programs("ctr", f"cat <<'END'\n{LISTED}END")
    assert refused(CONTAINERD, "btrfs", STORE, tmp_path) == (
        "storage-driver = btrfs names a snapshotter of containerd with features.containerd-snapshotter, which "
        "containerd has not loaded, as /var/lib/containerd is on ext4: it has native, overlayfs. So dockerd 28.5.2 "
        "starts, but every pull and build fails with `snapshotter not loaded` (moby/moby#46254): put "
        "/var/lib/containerd/io.containerd.snapshotter.v1.btrfs on btrfs and restart containerd, remove it with "
        "builder_daemon_options: {storage-driver: null}, or keep the graph driver with builder_daemon_options: "
        "{features: {containerd-snapshotter: null}}"
    )
    assert "So dockerd 29.7.2 does not start: " in refused(CONTAINERD, "btrfs", STORE, tmp_path, engine="29.7.2")


@pytest.mark.parametrize(
    ("driver", "lies", "options", "told"),
    [
        pytest.param("btrfs", "ext4", [], "needs /var/lib/docker on btrfs, which is on ext4", id="btrfs"),
        pytest.param("btrfs", "btrfs", [], "", id="btrfs on btrfs"),
        pytest.param("zfs", "ext4", [], "needs /var/lib/docker on zfs", id="zfs"),
        pytest.param("zfs", "ext4", ["zfs.fsname=pool/docker"], "", id="zfs by name"),
        pytest.param("overlay2", "ext4", [], "", id="any"),
    ],
)
def test_a_graph_driver(driver: str, lies: str, options: list[str], told: str, tmp_path: Path) -> None:
    for info in (GRAPH, CONTAINERD):
        found = refused(info, driver, {}, tmp_path, lies=lies, engine="28.5.2", **{"storage-opts": options})
        assert told in found
        assert bool(found) is bool(told)


MOUNTS = """\
1 0 0:1 / / rw shared:1 - ext4 /dev/sda rw
2 1 0:2 / /var/lib/containerd rw - xfs /dev/sdb rw
3 2 0:3 / /var/lib/containerd/io.containerd.snapshotter.v1.btrfs rw shared:2 master:1 - btrfs /dev/sdc rw
4 1 0:4 / /srv/with\\040space rw - zfs pool rw
5 1 0:5 / /over rw - ext4 /dev/sdd rw
6 5 0:6 / /over rw - tmpfs tmpfs rw
what is no line
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        pytest.param("/var/lib/docker", "ext4", id="the root's"),
        pytest.param("/var/lib/containerd", "xfs", id="a mount point"),
        pytest.param("/var/lib/containerd2", "ext4", id="a name that begins alike"),
        pytest.param("/var/lib/containerd/io.containerd.snapshotter.v1.btrfs", "btrfs", id="one on another"),
        pytest.param("/srv/with space/x", "zfs", id="a space"),
        pytest.param("/over/x", "tmpfs", id="the last one covers"),
    ],
)
def test_types_of_file_systems(folder: str, kind: str) -> None:
    assert type_at(folder, MOUNTS) == kind


def test_a_folder_that_is_to_be_made_is_on_that_of_the_one_above(tmp_path: Path) -> None:
    (tmp_path / "srv/docker").mkdir(parents=True)
    (tmp_path / "link").symlink_to("srv/docker")
    assert file_system("/") is None
    mounted(tmp_path, "1 0 0:1 / / rw - ext4 /dev/sda rw\n2 1 0:2 / /srv rw - btrfs /dev/sdb rw\n")
    assert file_system("/link/not/yet") == "btrfs"
    assert file_system("/") == "ext4"
