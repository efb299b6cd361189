# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which authorities the running dockerd has read: what is remembered are real files, the moments are given."""

from __future__ import annotations

import datetime
import time
import typing as t
from dataclasses import asdict
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.watch import watching
from ansible_collections.multiarch.builders.plugins.module_utils.state import authorities, restart_due
from ansible_collections.multiarch.builders.plugins.module_utils.state.authorities import come, renewals, unread
from ansible_collections.multiarch.builders.plugins.module_utils.trace.recorder import Recorder
from ansible_collections.multiarch.builders.plugins.module_utils.trace.replay import difference
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, make

OLD, NEW, OTHER = (make(name).pem for name in ("old", "new", "other"))


pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> t.Callable[[float, float | None], None]:
    """(seconds since boot, when dockerd started): what the host says from now on."""

    def say(uptime: float, started: float | None) -> None:
        monkeypatch.setattr(restart_due, "_uptime", lambda: uptime)
        monkeypatch.setattr(authorities, "daemon_start", lambda: started)

    return say


At: t.TypeAlias = "t.Callable[[float, float | None], None]"


@pytest.mark.parametrize(
    ("bundle", "came", "started", "expected"),
    [
        pytest.param("", None, 100.0, {NEW}, id="not in the store yet"),
        pytest.param(NEW, None, 100.0, set(), id="there before us"),
        pytest.param(OTHER + NEW, 200.0, 100.0, {NEW}, id="came after dockerd's start"),
        pytest.param(OTHER + NEW, 50.0, 100.0, set(), id="came before it"),
        pytest.param("", None, None, set(), id="dockerd does not run: it will read all"),
    ],
)
def test_what_dockerd_has_not_read(
    bundle: str, came: float | None, started: float | None, expected: set[str], at: At, home: Path
) -> None:
    if came is not None:
        at(came, started)
        come([NEW])
        assert [each.name for each in home.iterdir()] == ["authorities.json"]
    at(300.0, started)
    assert unread([NEW], bundle) == expected


def test_a_rotation_needs_one_restart(at: At) -> None:
    at(100.0, 50.0)
    come([OLD], [OLD])
    assert unread([OLD], OLD) == {OLD}
    at(200.0, 150.0)  # docker was restarted
    assert unread([OLD], OLD) == set()
    come([NEW], [OLD, NEW])
    assert unread([OLD, NEW], OLD + NEW) == {NEW}
    at(300.0, 250.0)  # and once more, when its user chose
    assert unread([OLD, NEW], OLD + NEW) == set()
    come([], [NEW])  # the old one goes
    assert unread([NEW], NEW) == set()
    assert len(record.load("authorities")["came"]) == 1


CENTURY = 36500
FORMER = make("renewed", sign=True, end=CENTURY)
SAME_KEY = make("renewed", sign=True, key=FORMER.key).pem
OVER = make("renewed", sign=True, end=-1, key=FORMER.key).pem


@pytest.mark.parametrize(
    ("bundle", "new", "expected"),
    [
        pytest.param(FORMER.pem, SAME_KEY, set(), id="with its key"),
        pytest.param(OTHER + FORMER.pem, SAME_KEY, set(), id="among others"),
        pytest.param(FORMER.pem, make("renewed", sign=True).pem, None, id="with another key"),
        pytest.param(FORMER.pem, make("another", sign=True, key=FORMER.key).pem, None, id="with another name"),
        pytest.param(FORMER.pem, make("renewed", key=FORMER.key).pem, None, id="with other extensions"),
        pytest.param(OVER, SAME_KEY, None, id="the former one is over, or soon will be"),
        pytest.param("", SAME_KEY, None, id="there was none"),
    ],
)
def test_a_renewed_authority_needs_no_restart(bundle: str, new: str, expected: set[str] | None, at: At) -> None:
    expected = {new} if expected is None else expected
    at(200.0, 100.0)
    assert unread([new], bundle) == expected, "before it is added"
    renewed = renewals([new], bundle)
    come([new], [new], renewed)
    come([new], [new], renewed)  # before the store is refreshed, and after
    assert unread([new], new) == expected, "after the former one has gone"
    at(400.0, 300.0)
    assert unread([new], new) == set(), "dockerd was restarted"


def test_a_trace_holds_until_the_restart_is_due(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever `builder_trace_max_age` is: nothing changes on the host on that day."""
    at(200.0, 100.0)
    come([SAME_KEY], [SAME_KEY], renewals([SAME_KEY], FORMER.pem))
    recorder = Recorder()
    with watching(recorder):
        assert unread([SAME_KEY], SAME_KEY) == set()
    looks = [each for each in recorder.looks() if each[0] == "before"]
    assert (recorder.why, difference(looks)) == ("", "")
    due = (NOW + datetime.timedelta(days=CENTURY - 30)).timestamp()
    monkeypatch.setattr(time, "time", lambda: due - 60)
    assert difference(looks) == ""
    monkeypatch.setattr(time, "time", lambda: due + 60)
    assert "has changed" in difference(looks)


def test_what_dockerd_has_not_read_vouches_for_nothing(at: At) -> None:
    at(200.0, 100.0)
    come([FORMER.pem], [FORMER.pem])
    assert unread([SAME_KEY], FORMER.pem) == {SAME_KEY}


def test_a_renewed_authority_is_renewed_again(at: At) -> None:
    again = make("renewed", sign=True, end=10, key=FORMER.key).pem
    at(200.0, 100.0)
    come([SAME_KEY], [SAME_KEY], renewals([SAME_KEY], FORMER.pem))
    come([again], [again], renewals([again], SAME_KEY))
    assert unread([again], again) == set()


def test_what_a_proof_finds_unread_is_unread(at: At) -> None:
    at(200.0, 100.0)
    come([SAME_KEY], [SAME_KEY], renewals([SAME_KEY], FORMER.pem))
    come([SAME_KEY], [SAME_KEY])
    assert unread([SAME_KEY], SAME_KEY) == {SAME_KEY}


def test_moments_of_another_boot_do_not_count(at: At) -> None:
    at(200.0, 100.0)
    come([NEW])
    marks = record.load("authorities")["came"]
    record.save("authorities", {"came": {name: {**mark, "boot": "another"} for name, mark in marks.items()}})
    assert unread([NEW], NEW) == set()


@pytest.mark.parametrize(
    ("started", "expected"),
    [
        pytest.param(100.0, {OLD}, id="not read: the remedy of those days did not help"),
        pytest.param(250.0, set(), id="read"),
    ],
)
@pytest.mark.parametrize("refreshed", [False, True], ids=["nothing came since", "another one came since"])
def test_a_host_that_remembers_the_last_refresh_alone(
    refreshed: bool, started: float, expected: set[str], at: At
) -> None:
    """As hosts do that were provisioned before 0.1.0: all came with it."""
    at(200.0, started)
    record.save("pending", {"TRUST_STORE_CHANGES": asdict(restart_due.moment())}, since=None)
    if refreshed:
        at(300.0, started)
        come([NEW], [OLD, NEW])
        assert record.load("pending") == {}
        assert unread([NEW], OLD + NEW) == {NEW}
    assert unread([OLD], OLD + NEW) == expected
