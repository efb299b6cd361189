# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BuildKit's own limits by the size of the disk, and when they are said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.cache_limits import (
    Limits,
    default_limits,
    note,
    sets_limits,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node

GB, GIB = 10**9, 2**30


# As moby/buildkit, cmd/buildkitd/config/gcpolicy.go, computes them at v0.16.0 and v0.32.2.
@pytest.mark.parametrize(
    ("disk", "version", "limits"),
    [
        pytest.param(500 * GIB, (0, 32, 2), Limits(100 * GB, 10 * GB, 101 * GB), id="a large disk"),
        pytest.param(50 * GIB, (0, 17), Limits(41 * GB, 6 * GB, 11 * GB), id="a small disk"),
        pytest.param(2 * GIB, (), Limits(2 * GB, 1 * GB, 1 * GB), id="a tiny disk, an unknown version"),
        pytest.param(500 * GIB, (0, 16, 0), Limits(51 * GB, 51 * GB, 0), id="an old version"),
    ],
)
def test_the_limits(disk: int, version: tuple[int, ...], limits: Limits) -> None:
    assert default_limits(disk, version) == limits


@pytest.mark.parametrize(
    ("config", "own"),
    [
        ("", False),
        ('[registry]\n[registry."gc = 1"]\nhttp = true\n', False),
        ("[worker]\n[worker.oci]\nmaxUsedSpace = '5GB'\n", True),
        ("[worker.oci]\n  gc = false\n", True),
        ("[[worker.oci.gcpolicy]]\nall = true\n", True),
    ],
)
def test_limits_of_its_own(config: str, own: bool) -> None:
    assert sets_limits(config) is own


IMAGE = "docker.io/moby/buildkit:v0.32.1@sha256:ab"
BUILDER = Instance("multiarch", "docker-container", IMAGE, {}, (), True, "", {})
NEW = (
    "builder multiarch: without builder_gc BuildKit reduces its cache to 100 GB, and down to 10.0 GB while less than "
    "101 GB of the disk are free (its defaults on a disk of 537 GB)"
)


OLD = "builder multiarch: without builder_gc BuildKit reduces its cache to 51.0 GB (its defaults on a disk of 537 GB)"


@pytest.mark.parametrize(
    ("wanted", "disk", "text"),
    [
        pytest.param(BUILDER, 500 * GIB, NEW, id="a new version"),
        pytest.param(
            replace(BUILDER, image="registry.example.com/hub/moby/buildkit:v0.13.2-rootless"),
            500 * GIB,
            OLD,
            id="an old version",
        ),
        pytest.param(BUILDER, None, None, id="an unknown disk"),
        pytest.param(replace(BUILDER, config="[worker.oci]\ngc = false\n"), 500 * GIB, None, id="limits of its own"),
        pytest.param(replace(BUILDER, driver="remote"), 500 * GIB, None, id="another driver"),
        pytest.param(replace(BUILDER, nodes=(Node("n", "ssh://b"),)), 500 * GIB, None, id="another host"),
    ],
)
def test_what_is_said(wanted: Instance, disk: int | None, text: str | None) -> None:
    assert note(wanted, disk) == text
