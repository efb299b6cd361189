# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys hide data from dockerd, and which notations mean the folder that it has; seen with 26.1.5 and 28.5.2."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hiding import (
    CONTAINERS,
    DATA_ROOT_LEAVE,
    IMAGE_STORE_LEAVE,
    IMAGES,
    VOLUMES,
    Running,
    hidings,
)

ROOT = "/var/lib/docker"
STORE = {"features": {"containerd-snapshotter": True}}
CONTAINERD = {
    "ServerVersion": "28.5.2",
    "Driver": "overlayfs",
    "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
    "DockerRootDir": ROOT,
    "Containerd": {"Address": "/run/containerd/containerd.sock", "Namespaces": {"Containers": "moby"}},
}
GRAPH = {"ServerVersion": "28.5.2", "Driver": "overlay2", "DockerRootDir": ROOT}
REMAPPED = {**GRAPH, "DockerRootDir": f"{ROOT}/165536.165536", "SecurityOptions": ["name=seccomp", "name=userns"]}
OLD = {key: value for key, value in CONTAINERD.items() if key != "Containerd"} | {"ServerVersion": "26.1.5"}
LINKS = {"/link": ROOT, "/var/run/containerd/containerd.sock": "/run/containerd/containerd.sock"}
EVERYTHING, STORED = {IMAGES, CONTAINERS, VOLUMES}, {IMAGES, CONTAINERS}


def real(path: str) -> str:
    return LINKS.get(path, path.rstrip("/") or "/")


def running(
    info: dict[str, t.Any],
    document: dict[str, t.Any],
    flags: tuple[str, ...] = (),
    root: str | None = "/var/lib/containerd",
) -> Running:
    return Running(info, document, flags, root, real)


@pytest.mark.parametrize(
    ("info", "before", "after", "told", "kinds", "leave", "keep"),
    [
        pytest.param(
            CONTAINERD,
            STORE,
            {**STORE, "data-root": "/srv/docker"},
            "data-root /srv/docker in place of /var/lib/docker",
            {CONTAINERS, VOLUMES},
            DATA_ROOT_LEAVE,
            "{data-root: /var/lib/docker}",
            id="data-root, images are containerd's",
        ),
        pytest.param(
            GRAPH,
            {},
            {"data-root": "/srv/docker"},
            "data-root /srv/docker in place of /var/lib/docker",
            EVERYTHING,
            DATA_ROOT_LEAVE,
            "{data-root: /var/lib/docker}",
            id="data-root with a graph driver",
        ),
        pytest.param(
            {**GRAPH, "DockerRootDir": "/srv/docker"},
            {"data-root": "/srv/docker"},
            {},
            "data-root /var/lib/docker in place of /srv/docker",
            EVERYTHING,
            DATA_ROOT_LEAVE,
            "{data-root: /srv/docker}",
            id="data-root goes",
        ),
        pytest.param(
            GRAPH,
            {"data-root": "/srv/docker"},
            {"data-root": "/srv/docker"},
            "data-root /srv/docker in place of /var/lib/docker",
            EVERYTHING,
            DATA_ROOT_LEAVE,
            "{data-root: /var/lib/docker}",
            id="data-root of a file that dockerd has not read: what runs counts",
        ),
        pytest.param(
            GRAPH,
            {},
            {"userns-remap": "default"},
            "userns-remap dockremap in place of off",
            EVERYTHING,
            DATA_ROOT_LEAVE,
            "{userns-remap: null}",
            id="userns-remap, a folder of its own below data-root",
        ),
        pytest.param(
            REMAPPED,
            {"userns-remap": "ci"},
            {},
            "userns-remap off in place of ci",
            EVERYTHING,
            DATA_ROOT_LEAVE,
            "{userns-remap: ci}",
            id="userns-remap goes",
        ),
        pytest.param(
            REMAPPED,
            {"userns-remap": "ci"},
            {"userns-remap": "ci", "data-root": "/srv/docker"},
            "data-root /srv/docker in place of /var/lib/docker",
            EVERYTHING,
            DATA_ROOT_LEAVE,
            "{data-root: /var/lib/docker}",
            id="data-root of a dockerd with userns-remap",
        ),
        pytest.param(
            GRAPH,
            {},
            STORE,
            "features.containerd-snapshotter on",
            STORED,
            IMAGE_STORE_LEAVE,
            "{features: {containerd-snapshotter: null}}",
            id="image store",
        ),
        pytest.param(
            CONTAINERD,
            STORE,
            {**STORE, "storage-driver": "native"},
            "storage-driver native in place of overlayfs",
            {CONTAINERS},
            IMAGE_STORE_LEAVE,
            "{storage-driver: overlayfs}",
            id="another snapshotter: images are shown still",
        ),
        pytest.param(
            {**CONTAINERD, "Driver": "native"},
            {**STORE, "storage-driver": "native"},
            STORE,
            "storage-driver overlayfs in place of native",
            {CONTAINERS},
            IMAGE_STORE_LEAVE,
            "{storage-driver: native}",
            id="a snapshotter goes: the default",
        ),
        pytest.param(
            GRAPH,
            {},
            {"storage-driver": "vfs"},
            "storage-driver vfs in place of overlay2",
            STORED,
            IMAGE_STORE_LEAVE,
            "{storage-driver: overlay2}",
            id="another graph driver",
        ),
        pytest.param(
            {**GRAPH, "Driver": "vfs"},
            {"storage-driver": "vfs"},
            {},
            "storage-driver another in place of vfs",
            STORED,
            IMAGE_STORE_LEAVE,
            "{storage-driver: vfs}",
            id="vfs goes, which dockerd never takes for what is there already",
        ),
        pytest.param(
            CONTAINERD,
            STORE,
            {**STORE, "containerd-namespace": "other"},
            "containerd-namespace other in place of moby",
            STORED,
            IMAGE_STORE_LEAVE,
            "{containerd-namespace: moby}",
            id="namespace",
        ),
        pytest.param(
            OLD,
            {**STORE, "containerd-namespace": "other"},
            STORE,
            "containerd-namespace moby in place of other",
            STORED,
            IMAGE_STORE_LEAVE,
            "{containerd-namespace: other}",
            id="namespace goes, where docker info does not tell it",
        ),
        pytest.param(
            CONTAINERD,
            STORE,
            {**STORE, "containerd": "/run/k3s/containerd.sock"},
            "containerd /run/k3s/containerd.sock in place of /run/containerd/containerd.sock",
            STORED,
            IMAGE_STORE_LEAVE,
            "{containerd: /run/containerd/containerd.sock}",
            id="another containerd",
        ),
        pytest.param(
            {**CONTAINERD, "ServerVersion": "29.7.2"},
            STORE,
            {"features": {"containerd-snapshotter": True, "embedded-containerd": True}},
            "features.embedded-containerd on",
            STORED,
            IMAGE_STORE_LEAVE,
            "{features: {embedded-containerd: null}}",
            id="the containerd inside dockerd",
        ),
    ],
)
def test_what_is_hidden(
    info: dict[str, t.Any],
    before: dict[str, t.Any],
    after: dict[str, t.Any],
    told: str,
    kinds: frozenset[str],
    leave: str,
    keep: str,
) -> None:
    (found,) = hidings(running(info, before), after)
    assert (str(found), found.kinds, found.leave, found.keep) == (told, kinds, leave, keep)


@pytest.mark.parametrize(
    ("info", "before", "after", "flags"),
    [
        pytest.param(CONTAINERD, STORE, {**STORE, "data-root": f"{ROOT}/"}, (), id="a slash"),
        pytest.param(CONTAINERD, STORE, {**STORE, "data-root": "/link"}, (), id="a link"),
        pytest.param(
            CONTAINERD, STORE, {**STORE, "data-root": "var/lib/docker"}, (), id="relative, as dockerd takes it"
        ),
        pytest.param(CONTAINERD, STORE, {**STORE, "data-root": ""}, (), id="empty: the default"),
        pytest.param(
            {**GRAPH, "ServerVersion": "20.10.24"}, {}, {"graph": ROOT}, (), id="the former name of data-root"
        ),
        pytest.param(
            {**GRAPH, "DockerRootDir": "/srv/docker"}, {}, {"mtu": 1400}, ("--data-root=/srv/docker",), id="a flag"
        ),
        pytest.param({**GRAPH, "DockerRootDir": "/d"}, {}, {}, ("-g", "/d"), id="a flag of 20.10"),
        pytest.param(
            REMAPPED,
            {"userns-remap": "default"},
            {"userns-remap": "dockremap"},
            (),
            id="the name of the default user",
        ),
        pytest.param({**GRAPH, "DockerRootDir": "/srv/1.5"}, {}, {"data-root": "/srv/1.5"}, (), id="digits"),
        pytest.param(CONTAINERD, STORE, {**STORE, "storage-driver": "overlayfs"}, (), id="the driver that runs"),
        pytest.param(GRAPH, {"storage-driver": "overlay2"}, {}, (), id="a graph driver goes, and its data is found"),
        pytest.param({**CONTAINERD, "Driver": "native"}, STORE, STORE, (), id="a default of its own"),
        pytest.param(GRAPH, {}, {"containerd-namespace": "other"}, (), id="namespace with a graph driver"),
        pytest.param(GRAPH, {}, {"containerd": "/run/other.sock"}, (), id="containerd with a graph driver"),
        pytest.param(
            CONTAINERD,
            STORE,
            {**STORE, "containerd": "/var/run/containerd/containerd.sock"},
            (),
            id="address by a link",
        ),
        pytest.param(OLD, STORE, STORE, ("--containerd=/run/containerd/containerd.sock",), id="an address as a flag"),
        pytest.param(CONTAINERD, STORE, {**STORE, "exec-root": "/run/other"}, (), id="exec-root holds no data"),
        pytest.param(
            CONTAINERD,
            STORE,
            {"features": {"containerd-snapshotter": True, "embedded-containerd": True}},
            (),
            id="28.5 has none inside",
        ),
        pytest.param({"Driver": "overlay2"}, {}, {"data-root": "/srv"}, (), id="nobody tells where its data is"),
    ],
)
def test_what_hides_nothing(
    info: dict[str, t.Any], before: dict[str, t.Any], after: dict[str, t.Any], flags: tuple[str, ...]
) -> None:
    assert hidings(running(info, before, flags), after) == ()


def test_a_containerd_below_data_root_goes_out_of_sight_with_it() -> None:
    now = running(CONTAINERD, STORE, root=f"{ROOT}/containerd/daemon")
    (found,) = hidings(now, {**STORE, "data-root": "/srv/docker"})
    assert found.kinds == EVERYTHING


def test_two_changes_need_two_leaves() -> None:
    found = hidings(running(CONTAINERD, STORE), {**STORE, "data-root": "/d", "containerd-namespace": "other"})
    assert [each.leave for each in found] == [DATA_ROOT_LEAVE, IMAGE_STORE_LEAVE]
