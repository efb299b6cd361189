# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daemon.json as it is written and put back: owned, backed up, its mode, and the note that dockerd has not read it."""

from __future__ import annotations

import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils import record
from ansible_collections.multiarch.builders.plugins.module_utils.daemon import configuration
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.configuration import (
    WriteConfiguration,
    owned_keys,
    put_back,
    replace,
)
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Effect

pytestmark = pytest.mark.usefixtures("home")

PLAIN = '{"debug": true}\n'
SECRET = '{"proxies": {"https-proxy": "http://me:s3cret@proxy:3128"}}\n'


@pytest.fixture
def daemon_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Path of daemon.json; neither it nor its folder is there yet."""
    path = tmp_path / "docker/daemon.json"
    monkeypatch.setattr(configuration, "PATH", str(path))
    return path


def put(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(mode)


def step(*, text: str = PLAIN, former: str | None) -> WriteConfiguration:
    return WriteConfiguration(text, former, owned=(("debug",),), formerly_owned=(("dns",),))


def mode_of(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_nothing_is_owned_at_first(home: Path) -> None:
    assert owned_keys() == ()
    assert not home.exists()


def test_a_new_file_is_written_owned_and_waits_for_the_restart(daemon_json: Path, home: Path) -> None:
    replace(step(former=None))
    assert daemon_json.read_text() == PLAIN
    assert owned_keys() == (("debug",),)
    assert list(record.load("pending", home)) == [Effect.CONFIGURATION_CHANGES.name]
    assert not (home / "backups").exists()


def test_a_file_that_was_there_is_backed_up(daemon_json: Path, home: Path) -> None:
    put(daemon_json, SECRET, 0o600)
    replace(step(former=SECRET))
    assert daemon_json.read_text() == PLAIN
    assert [(each.read_text(), mode_of(each)) for each in (home / "backups").iterdir()] == [(SECRET, "0o600")]
    assert [each.name for each in daemon_json.parent.iterdir()] == ["daemon.json"]


def test_what_else_the_concern_remembers_stays(daemon_json: Path, home: Path) -> None:
    record.save("daemon", {"files": {"/a": "digest"}}, home)
    replace(step(former=None))
    put_back(step(former=None))
    assert not daemon_json.exists()
    assert record.load("daemon", home) == {"files": {"/a": "digest"}, "owned": [["dns"]]}


@pytest.mark.parametrize(
    ("text", "former", "mode"),
    [
        pytest.param(PLAIN, None, 0o644, id="a new file"),
        pytest.param(PLAIN, 0o644, 0o644, id="as it was: all may read"),
        pytest.param(PLAIN, 0o600, 0o600, id="as it was: root alone"),
        pytest.param(PLAIN, 0o640, 0o640, id="as it was: a group too"),
        pytest.param(SECRET, None, 0o600, id="a new file with a password"),
        pytest.param(SECRET, 0o644, 0o600, id="a password comes: root alone from now on"),
        pytest.param(SECRET, 0o600, 0o600, id="a password, root alone already"),
        pytest.param('{"https-proxy": "http://p%40ss:w%2Frd@proxy"}', 0o644, 0o600, id="a password, encoded"),
        pytest.param('{"https-proxy": "http://token@proxy"}', 0o644, 0o600, id="a token alone"),
        pytest.param('{"registry-mirrors": ["https://a.example/b@c"]}', 0o644, 0o644, id="an @ in a path is none"),
        pytest.param('{"a": "http://a.example", "b": "c@d"}', 0o644, 0o644, id="an @ in another text is none"),
    ],
)
def test_the_mode(text: str, former: int | None, mode: int, daemon_json: Path) -> None:
    if former is not None:
        put(daemon_json, "{}", former)
    replace(step(text=text, former=None if former is None else "{}"))
    assert mode_of(daemon_json) == oct(mode)


@pytest.mark.parametrize("now", ['{"debug": false}', None], ids=["changed", "removed"])
def test_a_file_that_somebody_changed_meanwhile_is_left_alone(now: str | None, daemon_json: Path, home: Path) -> None:
    if now is not None:
        put(daemon_json, now, 0o644)
    with pytest.raises(HostError, match="was changed by somebody else just now, and was left as it is: run again"):
        replace(step(former="{}"))
    assert (daemon_json.read_text() if daemon_json.exists() else None) == now
    assert not home.exists()


def test_a_crash_in_between_leaves_nothing_unowned(daemon_json: Path, home: Path) -> None:
    """The folder is a file here, so that nothing can be written into it."""
    daemon_json.parent.write_text("")
    with pytest.raises(HostError, match="cannot be written"):
        replace(step(former=None))
    assert set(owned_keys()) == {("debug",), ("dns",)}
    assert list(record.load("pending", home)) == [Effect.CONFIGURATION_CHANGES.name]


Put: t.TypeAlias = "tuple[str, int] | None"


@pytest.mark.parametrize(
    ("former", "text"),
    [
        pytest.param(None, PLAIN, id="no file: it goes again"),
        pytest.param(('{"a": 1}', 0o644), PLAIN, id="a file"),
        pytest.param((SECRET, 0o600), PLAIN, id="a password, root alone"),
        pytest.param(('{"a": 1}', 0o640), SECRET, id="a password came: the mode goes back too"),
        pytest.param(("", 0o644), PLAIN, id="an empty file"),
    ],
)
def test_put_back(former: Put, text: str, daemon_json: Path, home: Path) -> None:
    if former is not None:
        put(daemon_json, *former)
    made = step(text=text, former=former[0] if former else None)
    replace(made)
    put_back(made)
    now = (daemon_json.read_text(), stat.S_IMODE(daemon_json.stat().st_mode)) if daemon_json.exists() else None
    assert now == former
    assert owned_keys() == (("dns",),)
    assert record.load("pending", home) == {}
