# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stays in a former data-root is told for as long as it is there, and is not in use again."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import left_behind
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import Left
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

ELSEWHERE = {"DockerRootDir": "/srv/docker"}


def former(tmp_path: Path, part: str = "volumes") -> str:
    (tmp_path / "docker" / part / "1").mkdir(parents=True)
    folder = "/docker"
    left_behind.remember([Left(folder, "2 containers", f"{{data-root: {folder}}}")])
    return folder


@pytest.mark.parametrize("part", ["volumes", "containers"])
def test_it_is_told(part: str, tmp_path: Path) -> None:
    folder = former(tmp_path, part)
    assert left_behind.notes(ELSEWHERE) == (
        f"{folder} has 2 containers, from before data-root was changed: builder_daemon_options: {{data-root: "
        f"{folder}}} shows that again; remove the folder when it is not needed",
    )


def test_in_use_again_it_is_not(tmp_path: Path) -> None:
    former(tmp_path)
    (tmp_path / "link").symlink_to("docker")
    assert left_behind.notes({"DockerRootDir": "/link"}) == ()


def test_what_somebody_removed_is_not(tmp_path: Path) -> None:
    former(tmp_path)
    (tmp_path / "docker/volumes/1").rmdir()
    assert left_behind.notes(ELSEWHERE) == ()
    (tmp_path / "docker/volumes").rmdir()
    assert left_behind.notes(ELSEWHERE) == ()


def test_each_folder_is_remembered_once_and_the_record_keeps_all_else(tmp_path: Path) -> None:
    record.save("daemon", {"folders": ["/a"]})
    folder = former(tmp_path)
    left_behind.remember([Left(folder, "3 containers", "k"), Left("/other", "1 containers", "o")])
    left_behind.remember([])
    memory = record.load("daemon")
    assert memory["folders"] == ["/a"]
    assert [(each["folder"], each["what"]) for each in memory["left"]] == [
        (folder, "3 containers"),
        ("/other", "1 containers"),
    ]
