# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mount a folder is on, and the name of its systemd unit."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.mounts import (
    Mount,
    below,
    is_in,
    mount_of,
    parse,
)

INFO = """\
25 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 25 0:30 / /srv rw,nosuid,nodev shared:9 master:2 - tmpfs data rw,size=2097152k
31 30 254:3 / /srv/my\\040disk ro - xfs /dev/sdb rw,attr2
32 25 0:31 / /srv-x rw - nfs4 server:/x rw
33 30 0:40 / /srv/docker/overlay2/1/merged rw - overlay overlay rw,lowerdir=/srv/docker/l/1:/srv/docker/l/2,upperdir=/u
what the kernel never writes
"""
MOUNTS = parse(INFO)


def test_parsed() -> None:
    assert [each.point for each in MOUNTS] == ["/", "/srv", "/srv/my disk", "/srv-x", "/srv/docker/overlay2/1/merged"]
    assert MOUNTS[1] == Mount("/srv", ("rw", "nosuid", "nodev"), "tmpfs", "rw,size=2097152k")


@pytest.mark.parametrize(
    ("path", "point"),
    [("/", "/"), ("/var/lib", "/"), ("/srv", "/srv"), ("/srv/x", "/srv"), ("/srv-x/y", "/srv-x"), ("/srv-y", "/")],
)
def test_the_mount_of_a_path(path: str, point: str) -> None:
    found = mount_of(path, MOUNTS)
    assert found is not None
    assert found.point == point


def test_the_last_of_two_mounts_at_one_point_counts() -> None:
    found = mount_of("/srv", (*MOUNTS, Mount("/srv", ("ro",), "ext4")))
    assert found is not None
    assert found.kind == "ext4"


def test_mounts_below() -> None:
    assert [each.point for each in below("/srv", MOUNTS)] == ["/srv/my disk", "/srv/docker/overlay2/1/merged"]
    assert below("/srv-x", MOUNTS) == ()


def test_is_in() -> None:
    assert is_in("/srv/", "/srv")
    assert is_in("/srv", "/")
    assert not is_in("/srv-x", "/srv")


@pytest.mark.parametrize(
    ("point", "unit"),  # as `systemd-escape --path --suffix=mount` tells
    [
        ("/", "-.mount"),
        ("/srv", "srv.mount"),
        ("/srv/my-disk", "srv-my\\x2ddisk.mount"),
        ("/srv/my disk", "srv-my\\x20disk.mount"),
        ("/.data/a.b_c:d", "\\x2edata-a.b_c:d.mount"),
        ("/ä", "\\xc3\\xa4.mount"),
    ],
)
def test_the_name_of_its_unit(point: str, unit: str) -> None:
    assert Mount(point, (), "ext4").unit == unit
