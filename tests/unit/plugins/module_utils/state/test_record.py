# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is ours on a host is remembered, and a damaged memory is no empty one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import load, save


def test_nothing_is_remembered_at_first(tmp_path: Path) -> None:
    assert load("trust", tmp_path / "missing") == {}


def test_what_is_saved_is_loaded_and_concerns_do_not_mix(home: Path) -> None:
    save("trust", {"files": {"/a ä": "x"}}, home)
    save("daemon", {"owned": (("a", "b"),)}, home)
    assert load("trust", home) == {"files": {"/a ä": "x"}}
    assert load("daemon", home) == {"owned": [["a", "b"]]}
    assert {each.name for each in home.iterdir()} == {"trust.json", "daemon.json"}
    assert {stat.S_IMODE(each.stat().st_mode) for each in home.iterdir()} == {0o600}


def test_saving_the_same_does_not_touch_the_file(home: Path) -> None:
    save("trust", {"b": 1, "a": 2}, home)
    before = (home / "trust.json").stat()
    save("trust", {"a": 2, "b": 1}, home)
    assert (home / "trust.json").stat().st_ino == before.st_ino
    save("trust", {"a": 3}, home)
    assert (home / "trust.json").stat().st_ino != before.st_ino
    assert load("trust", home) == {"a": 3}


@pytest.mark.parametrize("text", ["", "{", '{"files": {}} {}', "files:\n"])
def test_a_damaged_memory_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "trust.json").write_text(text)
    with pytest.raises(HostError, match=r"trust\.json is damaged .*restore it, or remove it"):
        load("trust", tmp_path)
