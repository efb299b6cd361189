# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of builder_buildx_plugin on the controller."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.buildx_plugin import LARGEST, check_buildx_plugin
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

CONTENT = b"a plugin"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
URL = "https://files.example.com/buildx"


def check(given: dict[str, Any], folder: Path) -> tuple[dict[str, Any], list[str]]:
    """(what is handed on, problems)."""
    (folder / "buildx").write_bytes(CONTENT)
    findings = Findings()
    found = check_buildx_plugin(given, "builder_buildx_plugin", folder.joinpath, findings)
    return found, [str(each).removeprefix("builder_buildx_plugin") for each in findings.problems]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="none"),
        pytest.param({"url": URL, "sha256": DIGEST}, id="an address"),
        pytest.param(
            {"url": "http://a.example:8000/x?y=z", "sha256": DIGEST, "version": "v0.29.1+ds1"}, id="with version"
        ),
    ],
)
def test_what_is_fine(given: dict[str, Any], tmp_path: Path) -> None:
    assert check(given, tmp_path) == (given, [])


@pytest.mark.parametrize("sha256", [DIGEST, DIGEST.upper(), f"sha256:{DIGEST}"])
def test_a_file_is_found_and_its_checksum_has_one_form(sha256: str, tmp_path: Path) -> None:
    found, problems = check({"src": "buildx", "sha256": sha256}, tmp_path)
    assert (found, problems) == ({"src": str(tmp_path / "buildx"), "sha256": DIGEST}, [])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("zero", "it is not a regular file", id="a device without end"),
        pytest.param("pipe", "it is not a regular file", id="a pipe that nobody writes to"),
        pytest.param("folder", "it is not a regular file", id="a folder"),
        pytest.param("huge", f"it is larger than {LARGEST} bytes", id="more than a plugin"),
    ],
)
def test_what_is_not_read_for_ever(name: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "zero").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(LARGEST + 1)
    _found, problems = check({"src": name, "sha256": DIGEST}, tmp_path)
    assert problems == [
        f".src = '{name}': cannot be read: {told}. Use a path on the controller, such as files/docker-buildx next to "
        "the playbook."
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"sha256": DIGEST}, ": has neither src nor url. Set exactly one", id="no source"),
        pytest.param(
            {"src": "buildx", "url": URL, "sha256": DIGEST}, ": has both src and url. Set exactly one", id="two"
        ),
        pytest.param({"url": URL}, ".sha256: is missing, and nothing else verifies what", id="no checksum"),
        pytest.param({"url": URL, "sha256": "abc"}, ".sha256 = 'abc': is not a SHA-256. Write its 64", id="no SHA-256"),
        pytest.param(
            {"url": URL, "sha256": DIGEST, "version": "new"}, ".version = 'new': is not a version.", id="no version"
        ),
        pytest.param(
            {"url": URL, "sha256": DIGEST, "version": "0.12.1"},
            ".version = '0.12.1': is too old: builders need",
            id="old",
        ),
        pytest.param({"url": "ftp://a/b", "sha256": DIGEST}, ".url = 'ftp://a/b': is not a URL that", id="no HTTP"),
        pytest.param({"url": "https://[", "sha256": DIGEST}, ".url = 'https://[': is not a URL that", id="a bracket"),
        pytest.param({"url": "https://a:x/", "sha256": DIGEST}, ".url = 'https://a:x/': is not a URL", id="no port"),
        pytest.param({"url": "https://a/b\n", "sha256": DIGEST}, ".url = 'https://a/b\\n': is not a URL", id="newline"),
        pytest.param({"url": "buildx", "sha256": DIGEST}, ".url = 'buildx': is not a URL that a host", id="a path"),
        pytest.param(
            {"url": "https://u:secret@a.example/b", "sha256": DIGEST},
            ".url = '***@a.example/b': contains credentials. Remove them",
            id="credentials",
        ),
        pytest.param({"src": "none", "sha256": DIGEST}, ".src = 'none': cannot be read: No such file", id="no file"),
        pytest.param({"src": "buildx", "sha256": "a" * 64}, ".sha256 = 'aaaa", id="another file"),
    ],
)
def test_what_is_wrong(given: dict[str, Any], told: str, tmp_path: Path) -> None:
    _found, problems = check(given, tmp_path)
    assert len(problems) == 1
    assert problems[0].startswith(told)
    assert "secret" not in problems[0]
