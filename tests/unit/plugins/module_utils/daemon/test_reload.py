# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running dockerd takes over at SIGHUP, after moby/moby daemon/reload.go (v26.1.5, v28.5.2, v29.7.2)."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.reload import needs_restart, shortfall
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.store import switches

CONTAINERD = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]], "Driver": "overlayfs"}
OVERLAY2 = {"DriverStatus": [["Backing Filesystem", "extfs"]], "Driver": "overlay2"}
ON, OFF = {"features": {"containerd-snapshotter": True}}, {"features": {"containerd-snapshotter": False}}


@pytest.mark.parametrize(
    ("key", "value", "other"),
    [
        pytest.param("debug", True, False, id="debug"),
        pytest.param("labels", ["a=b"], ["a=c"], id="labels"),
        pytest.param("live-restore", True, False, id="live-restore"),
        pytest.param("registry-mirrors", ["https://a"], ["https://b"], id="registry-mirrors"),
        pytest.param("insecure-registries", ["a"], [], id="insecure-registries"),
        pytest.param("shutdown-timeout", 15, 30, id="shutdown-timeout"),
        pytest.param("runtimes", {"a": {"path": "/a"}}, {}, id="runtimes"),
        pytest.param("default-runtime", "runc", "crun", id="default-runtime"),
        pytest.param("default-shm-size", "64M", "1G", id="default-shm-size"),
        pytest.param("authorization-plugins", ["a"], ["b"], id="authorization-plugins"),
    ],
)
def test_a_value_is_taken_over_but_its_removal_needs_a_restart(key: str, value: t.Any, other: t.Any) -> None:
    assert needs_restart({}, {key: value}) == ()
    assert needs_restart({key: value}, {key: other}) == ()
    assert needs_restart({key: value}, {}) == (key,)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("max-concurrent-downloads", 3, id="max-concurrent-downloads"),
        pytest.param("max-concurrent-uploads", 5, id="max-concurrent-uploads"),
        pytest.param("max-download-attempts", 5, id="max-download-attempts"),
        pytest.param("network-diagnostic-port", 9000, id="network-diagnostic-port"),
        pytest.param("features", {"buildkit": True}, id="features, but for the image store"),
    ],
)
def test_a_value_and_its_removal_are_taken_over(key: str, value: t.Any) -> None:
    assert needs_restart({}, {key: value}) == ()
    assert needs_restart({key: value}, {}) == ()


@pytest.mark.parametrize(
    "key", ["data-root", "dns", "bip", "mtu", "log-driver", "log-opts", "proxies", "builder", "storage-driver", "hosts"]
)
def test_everything_else_needs_a_restart(key: str) -> None:
    assert needs_restart({}, {key: "x"}) == (key,)
    assert needs_restart({key: "x"}, {}) == (key,)
    assert needs_restart({key: "x"}, {key: "x", "debug": True}) == ()


@pytest.mark.parametrize(("before", "after"), [({}, ON), (ON, OFF), (ON, {}), ({**ON, "debug": True}, {"debug": True})])
def test_the_image_store_is_chosen_at_start(before: dict[str, t.Any], after: dict[str, t.Any]) -> None:
    assert "features" in needs_restart(before, after)


@pytest.mark.parametrize(
    ("document", "info", "told"),
    [
        pytest.param({}, {"Debug": True}, None, id="what is not asked for is not missed"),
        pytest.param(ON, OVERLAY2, "image store overlay2", id="the image store"),
        pytest.param(
            {"registry-mirrors": ["https://a"]},
            {"RegistryConfig": {"Mirrors": ["https://a/"]}},
            None,
            id="dockerd adds a slash to a mirror",
        ),
        pytest.param({"registry-mirrors": ["https://a"]}, {"RegistryConfig": {}}, "registry-mirrors", id="no mirror"),
        pytest.param({"debug": True}, {"Debug": False}, "debug False in place of True", id="debug"),
        pytest.param({"labels": ["a=b"]}, {"Labels": None}, "labels", id="labels"),
        pytest.param(
            {"insecure-registries": ["a:5000", "10.0.0.0/8"]},
            {
                "RegistryConfig": {
                    "IndexConfigs": {"a:5000": {"Secure": False}, "docker.io": {"Secure": True}},
                    "InsecureRegistryCIDRs": ["10.0.0.0/8", "127.0.0.0/8"],
                }
            },
            None,
            id="insecure ones are names and networks",
        ),
        pytest.param({"insecure-registries": ["b"]}, {"RegistryConfig": {}}, "b as insecure", id="not insecure"),
    ],
)
def test_what_docker_info_shows_otherwise_is_told(
    document: dict[str, t.Any], info: dict[str, t.Any], told: str | None
) -> None:
    found = shortfall(document, info)
    assert found is None if told is None else told in (found or "")


@pytest.mark.parametrize(
    ("document", "info", "version", "switch"),
    [
        pytest.param(ON, OVERLAY2, "26.1.5", True, id="on"),
        pytest.param(ON, CONTAINERD, "26.1.5", False, id="on already"),
        pytest.param(OFF, CONTAINERD, "28.5.2", True, id="off"),
        pytest.param({}, CONTAINERD, "28.5.2", True, id="no longer asked for, before 29"),
        pytest.param({}, CONTAINERD, "29.0.1", False, id="the default since 29"),
        pytest.param({}, OVERLAY2, "29.0.1", False, id="a host of 29 that has a graph driver keeps it"),
        pytest.param({}, OVERLAY2, "26.1.5", False, id="the default before"),
    ],
)
def test_another_image_store_after_a_start(
    document: dict[str, t.Any], info: dict[str, t.Any], version: str, switch: bool
) -> None:
    assert switches(document, {**info, "ServerVersion": version}) is switch
