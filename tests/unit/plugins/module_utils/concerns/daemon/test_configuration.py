# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daemon.json as it is replaced, settled and put back: owned, backed up, its mode, and the note that dockerd waits."""

from __future__ import annotations

import stat
import typing as t
from dataclasses import replace as but
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.configuration import (
    WriteConfiguration,
    keys,
    original,
    put_back,
    replace,
    settle,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.ours import Keys
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Effect
from ansible_collections.multiarch.builders.plugins.module_utils.state import rollback
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import Owned, both, owned_after
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

FORMER = '{"dns": []}\n'
PLAIN = '{"debug": true}\n'
SECRET = '{"proxies": {"https-proxy": "http://me:s3cret@proxy:3128"}}\n'
OURS: Owned = owned_after({}, {}, {"debug": True})
FORMERLY: Owned = owned_after({}, {}, {"dns": []})
RESTART, RELOAD = Effect.CONFIGURATION_CHANGES, Effect.CONFIGURATION_RELOADS


def put(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def step(*, text: str = PLAIN, former: str | None, effect: Effect = RESTART) -> WriteConfiguration:
    return WriteConfiguration(text, former, Keys(OURS), Keys(FORMERLY), effect)


def mode_of(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def pending() -> list[str]:
    return list(record.load("pending").get("marks", ()))


def backups(home: Path) -> list[tuple[str, str]]:
    return [(each.read_text(), mode_of(each)) for each in home.glob("backups/*")]


def test_nothing_is_owned_at_first(home: Path) -> None:
    assert not keys()
    assert not home.exists()


@pytest.mark.parametrize("effect", [RESTART, RELOAD])
def test_a_new_file_is_written_and_waits_until_dockerd_runs_with_it(
    effect: Effect, daemon_json: Path, home: Path
) -> None:
    made = step(former=None, effect=effect)
    replace(made)
    assert daemon_json.read_text() == PLAIN
    assert pending() == [effect.name]
    assert keys().owned == both(OURS, FORMERLY), "it is not known yet which file stays"
    assert rollback.is_open() is True
    assert backups(home) == []

    settle(made)
    assert daemon_json.read_text() == PLAIN
    assert keys().owned == OURS
    assert rollback.is_open() is False


def test_a_file_that_was_there_is_backed_up(daemon_json: Path, home: Path) -> None:
    put(daemon_json, SECRET, 0o600)
    replace(step(former=SECRET))
    assert daemon_json.read_text() == PLAIN
    assert backups(home) == [(SECRET, "0o600")]
    assert [each.name for each in daemon_json.parent.iterdir()] == ["daemon.json"]


def test_dockerd_runs_with_the_file_of_an_earlier_run(daemon_json: Path) -> None:
    """Killed between file and restart; the next run finds nothing to write, but restarts."""
    replace(step(former=None))
    settle(None)
    assert daemon_json.read_text() == PLAIN
    assert keys().owned == both(OURS, FORMERLY)
    assert rollback.is_open() is False


@pytest.mark.parametrize("ends", ["settled", "put back"])
def test_what_else_the_concern_remembers_stays(ends: str) -> None:
    record.save("daemon", {"files": {"/a": "digest"}})
    made = step(former=None)
    replace(made)
    if ends == "settled":
        settle(made)
    else:
        put_back()
    assert record.load("daemon")["files"] == {"/a": "digest"}


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
    with pytest.raises(
        HostError, match="was changed by someone else during the run, and was not overwritten: run again"
    ):
        replace(step(former="{}"))
    assert (daemon_json.read_text() if daemon_json.exists() else None) == now
    assert not home.exists()


def test_a_crash_in_between_leaves_nothing_unowned(daemon_json: Path) -> None:
    """The folder is a file here, so that nothing can be written into it."""
    put(daemon_json.parent, "", 0o644)
    with pytest.raises(HostError, match="cannot be written"):
        replace(step(former=None))
    assert keys().owned == both(OURS, FORMERLY)
    assert pending() == [RESTART.name]
    assert rollback.is_open() is False, "what is there is the former one"


Put: t.TypeAlias = "tuple[str, int] | None"


@pytest.mark.parametrize("effect", [RESTART, RELOAD])
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
def test_put_back(former: Put, text: str, effect: Effect, daemon_json: Path) -> None:
    if former is not None:
        put(daemon_json, *former)
    replace(step(text=text, former=former[0] if former else None, effect=effect))
    put_back()
    now = (daemon_json.read_text(), stat.S_IMODE(daemon_json.stat().st_mode)) if daemon_json.exists() else None
    assert now == former
    assert rollback.is_open() is False
    assert pending() == []


def test_what_was_ours_is_ours_again_after_put_back(daemon_json: Path) -> None:
    """The values tell: neither the former ones nor those that did not last are taken for somebody else's."""
    put(daemon_json, FORMER)
    replace(step(former=FORMER))
    put_back()
    assert keys().owned == both(OURS, FORMERLY)


@pytest.mark.parametrize(
    ("unproven", "back"),
    [
        pytest.param(False, PLAIN, id="dockerd ran with the one in between"),
        pytest.param(True, FORMER, id="nobody saw it do so"),
    ],
)
def test_put_back_after_two_changes(unproven: bool, back: str, daemon_json: Path) -> None:
    put(daemon_json, FORMER)
    replace(step(former=FORMER))
    replace(but(step(text=SECRET, former=PLAIN), unproven=unproven))
    put_back()
    assert daemon_json.read_text() == back


@pytest.mark.parametrize("text", [None, '{"dns":[]}'], ids=["no file", "a file of others"])
def test_the_file_before_us_is_remembered_until_nothing_is_ours(text: str | None, daemon_json: Path) -> None:
    if text is not None:
        put(daemon_json, text, 0o640)
    first = WriteConfiguration(PLAIN, text, Keys(OURS), Keys({}), RESTART)
    second = WriteConfiguration(SECRET, PLAIN, Keys(OURS), Keys(OURS), RESTART)
    for each in (first, second):
        replace(each)
        settle(each)
    before = original()
    assert before is not None
    assert (before.text, oct(before.mode)) == (text, "0o644" if text is None else "0o640")
    last = WriteConfiguration(text, SECRET, Keys({}), Keys(OURS), RESTART, mode=before.mode)
    replace(last)
    assert original() == before, "dockerd was not seen to run with it yet"
    settle(last)
    assert original() is None
    assert not keys()
    assert (daemon_json.read_text() if daemon_json.exists() else None) == text
    if text is not None:
        assert mode_of(daemon_json) == "0o640"


def test_a_file_that_went_has_its_way_back(daemon_json: Path) -> None:
    put(daemon_json, PLAIN)
    replace(WriteConfiguration(None, PLAIN, Keys({}), Keys(OURS), RESTART))
    assert not daemon_json.exists()
    assert rollback.is_open() is True
    put_back()
    assert daemon_json.read_text() == PLAIN
    assert rollback.is_open() is False
