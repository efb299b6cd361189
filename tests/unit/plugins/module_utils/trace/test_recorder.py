# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a plan becomes a trace, and how it is kept."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import files, look
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import Host, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.host.watch import spoil, unwatched, watching
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay
from ansible_collections.multiarch.builders.plugins.module_utils.trace.recorder import Recorder, forget, keep
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

KEY = "k" * 64
RESULT: dict[str, list[str]] = {"actions": [], "notes": [], "pending": []}


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the trace of this machine belongs; there is a folder for it, and a file `etc` to look at."""
    (tmp_path / "run").mkdir()
    (tmp_path / "etc").write_text("some")
    place = tmp_path / "run/multiarch-builders/trace.json"
    monkeypatch.setattr(replay, "PATH", str(place))
    with standing_on(Host()):
        yield place


def looked(tmp_path: Path) -> Recorder:
    recorder = Recorder()
    with watching(recorder):
        files.read(str(tmp_path / "etc"))
    return recorder


def replayed(trace: Path) -> dict[str, object]:
    return replay.replay(str(trace), KEY, 60)


def test_a_trace_is_for_root_alone_and_holds(trace: Path, tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        assert keep(looked(tmp_path), KEY, RESULT) == ""
    finally:
        os.umask(former)
    assert stat.S_IMODE(trace.stat().st_mode) == 0o600
    assert stat.S_IMODE(trace.parent.stat().st_mode) == 0o700
    assert [each.name for each in trace.parent.iterdir()] == ["trace.json"]
    kept = json.loads(trace.read_text())
    assert (kept["format"], kept["key"], kept["result"]) == (replay.FORMAT, KEY, RESULT)
    assert 0 <= time.time() - kept["time"] < 10
    assert replayed(trace).get("result") == RESULT
    (tmp_path / "etc").write_text("other")
    assert replayed(trace) == {"why": f"content {tmp_path}/etc has changed"}


def test_no_content_gets_into_a_trace(trace: Path, tmp_path: Path, docker: Docker, dockerd: DockerdStandIn) -> None:
    (tmp_path / "etc").write_text("password")
    dockerd.answers["GET /info"] = as_json({"Name": "password"})
    recorder = looked(tmp_path)
    with watching(recorder):
        assert docker.get("/info")["Name"] == "password"
    assert keep(recorder, KEY, RESULT) == ""
    assert "password" not in trace.read_text()
    assert replayed(trace).get("result") == RESULT


def changed_since(recorder: Recorder, tmp_path: Path) -> None:  # noqa: ARG001
    (tmp_path / "etc").write_text("other")


def changed_meanwhile(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("other")
    with watching(recorder):
        files.read(str(tmp_path / "etc"))
    (tmp_path / "etc").write_text("some")


def spoilt(recorder: Recorder, tmp_path: Path) -> None:  # noqa: ARG001
    recorder.spoil("the first reason")
    recorder.spoil("another")


@pytest.mark.parametrize(
    ("spoils", "why"),
    [
        pytest.param(changed_since, "content {}/etc has changed", id="changed since"),
        pytest.param(changed_meanwhile, "content {}/etc changed meanwhile", id="changed meanwhile"),
        pytest.param(spoilt, "the first reason", id="not to be looked at again"),
    ],
)
def test_what_is_no_trace_is_not_kept_and_takes_the_former_one_away(
    spoils: Callable[[Recorder, Path], None], why: str, trace: Path, tmp_path: Path
) -> None:
    assert keep(looked(tmp_path), KEY, RESULT) == ""
    recorder = looked(tmp_path)
    spoils(recorder, tmp_path)
    assert keep(recorder, KEY, RESULT) == why.format(tmp_path)
    assert not trace.parent.exists()
    assert replayed(trace) == {"why": "there is no trace"}


def a_file(trace: Path) -> None:
    trace.parent.write_text("")


def a_folder(trace: Path) -> None:
    trace.mkdir(parents=True)


def no_room(trace: Path) -> None:
    trace.parent.parent.rmdir()
    trace.parent.parent.write_text("")


@pytest.mark.parametrize(
    "obstacle",
    [
        pytest.param(a_file, id="a file in the folder's place"),
        pytest.param(a_folder, id="a folder in its place"),
        pytest.param(no_room, id="no /run"),
    ],
)
def test_a_plan_does_not_fail_where_its_trace_cannot_be_kept(
    obstacle: Callable[[Path], None], trace: Path, tmp_path: Path
) -> None:
    obstacle(trace)
    assert keep(looked(tmp_path), KEY, RESULT) != ""
    assert list(replayed(trace)) == ["why"]


def test_a_link_in_its_place_is_replaced_and_its_target_stays(trace: Path, tmp_path: Path) -> None:
    trace.parent.mkdir(mode=0o700)
    trace.symlink_to(tmp_path / "target")
    (tmp_path / "target").write_text("theirs")
    assert keep(looked(tmp_path), KEY, RESULT) == ""
    assert not trace.is_symlink()
    assert (tmp_path / "target").read_text() == "theirs"
    assert replayed(trace).get("result") == RESULT


def test_forgetting_takes_file_and_folder_and_nothing_else(trace: Path, tmp_path: Path) -> None:
    forget()
    assert keep(looked(tmp_path), KEY, RESULT) == ""
    forget()
    assert list((tmp_path / "run").iterdir()) == []
    assert keep(looked(tmp_path), KEY, RESULT) == ""
    (trace.parent / "theirs").touch()
    forget()
    assert [each.name for each in trace.parent.iterdir()] == ["theirs"]


# The recorder.


@pytest.mark.usefixtures("trace")
def test_the_same_look_is_noted_once(tmp_path: Path) -> None:
    recorder = looked(tmp_path)
    with watching(recorder):
        files.read(str(tmp_path / "etc"))
        look.text(tmp_path / "etc")
    assert [each[:2] for each in recorder.looks()] == [["content", str(tmp_path / "etc")]]
    assert recorder.why == ""


@pytest.mark.usefixtures("trace")
def test_nothing_is_noted_unwatched(tmp_path: Path) -> None:
    recorder = Recorder()
    files.read(str(tmp_path / "etc"))
    with watching(recorder), unwatched():
        files.read(str(tmp_path / "etc"))
        spoil("something")
    spoil("something")
    assert (recorder.looks(), recorder.why) == ([], "")


@pytest.mark.parametrize(
    ("second", "why"),
    [
        pytest.param({"Used": 1, "Unused": 2}, "", id="the same as far as used"),
        pytest.param({"Used": 2, "Unused": 1}, "docker {} changed meanwhile", id="another"),
        pytest.param({}, "docker {} changed meanwhile", id="without it"),
    ],
)
def test_what_dockerd_answers_twice(second: dict[str, int], why: str, docker: Docker, dockerd: DockerdStandIn) -> None:
    recorder = Recorder()
    with watching(recorder), standing_on(Host()):
        for answer in ({"Used": 1, "Unused": 1}, second):
            dockerd.answers["GET /info"] = as_json(answer)
            docker.get("/info").get("Used")
    kinds = [each[0] for each in recorder.looks()]
    assert recorder.why == why.format(dockerd.path)
    assert kinds == ["ping", "docker"]
    assert recorder.looks() == recorder.looks()


def test_what_comes_and_goes_is_no_trace(docker: Docker, dockerd: DockerdStandIn) -> None:
    recorder = Recorder()
    with watching(recorder), standing_on(Host()):
        assert docker.find("/containers/x/json") is None
        dockerd.answers["GET /containers/x/json"] = as_json({"Id": "1"})
        assert docker.find("/containers/x/json")["Id"] == "1"
    assert recorder.why or replay.difference(recorder.looks())


def test_use_that_comes_late_counts(docker: Docker, dockerd: DockerdStandIn) -> None:
    recorder = Recorder()
    dockerd.answers["GET /info"] = as_json({"Used": {"Name": "x"}, "Unused": 1})
    with watching(recorder), standing_on(Host()):
        found = docker.get("/info")
    found["Used"]["Name"]
    assert recorder.looks()[-1][3] == {"Used": {"Name": {}}}
