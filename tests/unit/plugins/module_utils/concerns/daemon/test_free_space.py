# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether dockerd's disk has room for a start."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import free_space
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import Host, standing_on

PAGES = free_space.BYTES // 4096


@pytest.mark.parametrize(
    ("blocks", "files", "free", "told"),
    [
        pytest.param(PAGES, 10_000, free_space.INODES, None, id="enough"),
        pytest.param(0, 10_000, 9_000, "/d has 0 KiB left", id="full: campaign, disk full under /var/lib/docker"),
        pytest.param(PAGES - 1, 10_000, 9_000, "/d has 16380 KiB left", id="almost"),
        pytest.param(PAGES, 10_000, free_space.INODES - 1, "/d has 199 inodes left", id="no inodes"),
        pytest.param(PAGES, 0, 0, None, id="inodes are not counted, as with btrfs"),
    ],
)
def test_room(blocks: int, files: int, free: int, told: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    found = SimpleNamespace(f_blocks=9999, f_bfree=blocks, f_frsize=4096, f_files=files, f_ffree=free)
    monkeypatch.setattr(os, "statvfs", lambda _path: found)
    assert free_space.shortage("/d") == told


def test_the_disk_below_a_folder_that_is_to_be_made_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = SimpleNamespace(f_blocks=9999, f_bfree=0, f_frsize=4096, f_files=0, f_ffree=0)
    monkeypatch.setattr(os, "statvfs", lambda path: full if path == tmp_path else pytest.fail(f"{path}"))
    assert free_space.shortage("/to/be/made") == "/to/be/made has 0 KiB left"


def test_each_disk_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = tmp_path / "docker", tmp_path / "containerd"
    one.mkdir()
    other.mkdir()
    blocks = {one: PAGES, other: 0}
    monkeypatch.setattr(
        os,
        "statvfs",
        lambda path: SimpleNamespace(f_blocks=9999, f_bfree=blocks[path], f_frsize=4096, f_files=0, f_ffree=0),
    )
    assert free_space.shortage("/docker") is None
    assert free_space.shortage("/docker", "/containerd") == "/containerd has 0 KiB left"


def test_a_file_system_without_blocks_tells_of_no_room() -> None:
    with standing_on(Host()):
        assert free_space.shortage("/proc/no-such-folder") is None
