# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which builders have a node at an endpoint: as buildx stores them, and whatever else is in the folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.builder_nodes import builders_at

ENTRIES = {
    "one": '{"Name": "One", "Nodes": [{"Endpoint": "unix:///var/run/docker.sock"}, {"Endpoint": "arm"}]}',
    "two": '{"Name": "two", "Nodes": [{"Endpoint": "arm"}]}',
    "elsewhere": '{"Name": "elsewhere", "Nodes": [{"Endpoint": "arm-1"}]}',
    "empty": "",
    "list": "[]",
    "odd": '{"Name": "odd", "Nodes": ["arm"]}',
    "none": '{"Name": "none", "Nodes": null}',
}


@pytest.mark.parametrize(
    ("user", "endpoint", "found"),
    [("ci", "arm", ("One", "two")), ("ci", "big", ()), ("jane", "arm", ())],
)
def test_builders_at(user: str, endpoint: str, found: tuple[str, ...], homes: Path) -> None:
    folder = homes / "ci/.docker/buildx/instances"
    folder.mkdir(parents=True)
    for name, text in ENTRIES.items():
        (folder / name).write_text(text)
    (folder / "folder").mkdir()
    assert builders_at(user, endpoint) == found
