# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links to CAs of ours that are gone, in a folder as update-ca-certificates leaves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.dangling_links import sweep

OURS = "multiarch-builders-harbor.example.com"


@pytest.mark.parametrize(
    ("there", "left", "hashed"),
    [
        pytest.param(True, {f"{OURS}.pem", "8a5e5106.0", "Theirs.pem", "0a0a0a0a.0"}, 0, id="the CA is there"),
        pytest.param(False, {"Theirs.pem", "0a0a0a0a.0"}, 1, id="it is gone: links of others stay, dangling or not"),
    ],
)
def test_sweep(there: bool, left: set[str], hashed: int, tmp_path: Path, programs: Callable[[str, str], Path]) -> None:
    calls = programs("openssl", "")
    folder, anchor = tmp_path / "certs", tmp_path / f"{OURS}.crt"
    folder.mkdir()
    if there:
        anchor.touch()
    (folder / f"{OURS}.pem").symlink_to(anchor)
    (folder / "8a5e5106.0").symlink_to(f"{OURS}.pem")
    (folder / "Theirs.pem").symlink_to("/of-these-tests/Theirs.crt")
    (folder / "0a0a0a0a.0").symlink_to("Theirs.pem")
    sweep(str(folder))
    assert {each.name for each in folder.iterdir()} == left
    assert (calls.read_text() if calls.exists() else "") == f"rehash {folder}\n" * hashed


def test_a_store_without_links_is_left_alone() -> None:
    sweep(None)
