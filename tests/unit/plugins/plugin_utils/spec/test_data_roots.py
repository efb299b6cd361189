# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders for data that no host can use are refused on the controller."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.data_roots import check_data_roots
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings


@pytest.mark.parametrize(
    ("given", "folders"),
    [
        ({}, {}),
        ({"docker": None, "containerd": ""}, {}),
        (
            {"docker": "/data/docker/", "containerd": "/data/containerd"},
            {"docker": "/data/docker", "containerd": "/data/containerd"},
        ),
        ({"docker": "/var/lib/docker"}, {"docker": "/var/lib/docker"}),
        ({"docker": "/data"}, {"docker": "/data"}),
    ],
)
def test_folders(given: dict[str, str | None], folders: dict[str, str]) -> None:
    findings = Findings()
    assert check_data_roots(given, "builder_data_roots", findings) == folders
    assert findings.problems == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"docker": "data"}, "must be an absolute path"),
        ({"docker": "//data"}, "must be an absolute path"),
        ({"docker": "/data/../etc"}, "has dots"),
        ({"containerd": "/data//x"}, "doubled slashes"),
        ({"docker": "/my data"}, "spaces"),
        ({"docker": '/a"b'}, "quotes"),
        ({"docker": "/a\\b"}, "backslashes"),
        ({"docker": "/"}, "is not a folder for data alone"),
        ({"docker": "/var/lib"}, "is not a folder for data alone"),
        ({"docker": "/tmp/docker"}, "is not a folder for data alone"),
        ({"docker": "/data", "containerd": "/data/containerd"}, "one folder in the other"),
        ({"docker": "/data", "containerd": "/data/"}, "twice the same"),
    ],
)
def test_what_is_refused(given: dict[str, str | None], words: str) -> None:
    findings = Findings()
    check_data_roots(given, "builder_data_roots", findings)
    (problem,) = findings.problems
    assert words in problem.message
