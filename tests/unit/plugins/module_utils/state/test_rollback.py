# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon.json to go back to: open from before it is replaced until dockerd runs with what took its place."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import HOME
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.state import rollback
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

pytestmark = pytest.mark.usefixtures("home")

FORMER, NEW, NEWER = '{"mtu": 1400}\n', '{"mtu": 9000}\n', '{"mtu": 1280}\n'


def put(path: Path, text: str | None, mode: int = 0o644) -> None:
    if text is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    path.chmod(mode)


def found(path: Path) -> tuple[str, str] | None:
    """Content and mode."""
    return (path.read_bytes().decode(), oct(stat.S_IMODE(path.stat().st_mode))) if path.exists() else None


def backups(home: Path) -> list[str]:
    return sorted(each.read_text() for each in home.glob("backups/*"))


def test_it_is_closed_at_first(daemon_json: Path, home: Path) -> None:
    put(daemon_json, FORMER)
    assert rollback.is_open() is False
    rollback.forget()
    assert not home.exists()


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        pytest.param(FORMER, False, id="killed before it was replaced"),
        pytest.param(NEW, True, id="killed after it"),
        pytest.param(NEW.strip(), False, id="somebody changed it, be it by a space"),
        pytest.param(None, False, id="somebody removed it"),
    ],
)
def test_when_it_is_open(now: str | None, is_open: bool, daemon_json: Path) -> None:
    put(daemon_json, FORMER)
    rollback.prepare(NEW)
    put(daemon_json, now)
    assert rollback.is_open() is is_open


@pytest.mark.parametrize(
    ("former", "mode"),
    [
        pytest.param(FORMER, 0o644, id="a file"),
        pytest.param(FORMER, 0o600, id="root's alone"),
        pytest.param("", 0o640, id="an empty file"),
        pytest.param('{\r\n  "bip": "ä"}', 0o644, id="every byte"),
        pytest.param(None, 0, id="no file"),
    ],
)
def test_it_leads_back_once(former: str | None, mode: int, daemon_json: Path) -> None:
    put(daemon_json, former, mode)
    rollback.prepare(NEW)
    put(daemon_json, NEW, 0o600)
    rollback.take()
    assert found(daemon_json) == (None if former is None else (former, oct(mode)))
    assert rollback.is_open() is False


def test_it_is_closed_when_dockerd_runs(daemon_json: Path, home: Path) -> None:
    put(daemon_json, FORMER)
    rollback.prepare(NEW)
    put(daemon_json, NEW)
    rollback.forget()
    assert rollback.is_open() is False
    assert record.load("way-back") == {}
    assert backups(home) == [FORMER], "the copy stays, for people"


@pytest.mark.parametrize(
    ("unproven", "back", "copies"),
    [
        pytest.param(False, NEW, [FORMER, NEW], id="dockerd ran with the first: back to it"),
        pytest.param(True, FORMER, [FORMER], id="nobody saw it do so: back to what was before both"),
    ],
)
def test_replaced_twice(unproven: bool, back: str, copies: list[str], daemon_json: Path, home: Path) -> None:
    put(daemon_json, FORMER, 0o640)
    rollback.prepare(NEW)
    put(daemon_json, NEW, 0o640)
    rollback.prepare(NEWER, unproven=unproven)
    assert rollback.is_open() is False, "not written yet"
    put(daemon_json, NEWER, 0o600)
    assert rollback.is_open() is True
    assert backups(home) == sorted(copies)
    rollback.take()
    assert found(daemon_json) == (back, "0o640")


def test_a_copy_that_is_gone_is_told_and_nothing_is_changed(daemon_json: Path, home: Path) -> None:
    put(daemon_json, FORMER)
    rollback.prepare(NEW)
    put(daemon_json, NEW)
    (copy,) = home.glob("backups/*")
    copy.unlink()
    with pytest.raises(HostError) as caught:
        rollback.take()
    gone = f"{HOME}/backups/{copy.name}"
    assert caught.value.what == f"{DAEMON_JSON} cannot be restored, as its copy {gone} is missing"
    assert caught.value.remedy == "Restore the file manually, or remove it, then run again"
    assert daemon_json.read_text() == NEW
    assert rollback.is_open() is True


def test_what_is_remembered_is_roots_alone_and_holds_no_text(daemon_json: Path, home: Path) -> None:
    put(daemon_json, FORMER)
    rollback.prepare('{"proxies": {"https-proxy": "http://me:s3cret@proxy"}}')
    assert oct(stat.S_IMODE((home / "way-back.json").stat().st_mode)) == "0o600"
    assert "s3cret" not in (home / "way-back.json").read_text()
