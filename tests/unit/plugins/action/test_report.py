"""The action `report`, in real plays on the controller: who writes, who fails, what happens where it cannot write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multiarch.builders.tests.unit.plugins.action import playing
from ansible_collections.multiarch.builders.tests.unit.plugins.action.playing import Task, failing

from tests.browser import fleets


def writing(dest: str = "report") -> Task:
    """The action."""
    return {"multiarch.builders.report": {"surveys": "survey", "dest": dest}}


def surveyed(host: str, *gone: str) -> Task:
    """A survey on one host, which others had left before."""
    fact = {"survey": {**fleets.survey(), "gone": list(gone)}}
    return {"ansible.builtin.set_fact": fact, "when": f"inventory_hostname == '{host}'"}


def play(folder: Path, surveys: dict[str, Any], *arguments: str, dest: str = "report") -> tuple[int, str]:
    """(status, output) of a play with the action alone; each host has its survey as a variable."""
    return plays(folder, surveys, [writing(dest)], arguments=arguments)


def plays(
    folder: Path, surveys: dict[str, Any], *tasks: list[Task], arguments: tuple[str, ...] = (), **keywords: object
) -> tuple[int, str]:
    """The same of one play after the other with these tasks."""
    hosts = {name: {"survey": survey} if survey is not None else {} for name, survey in surveys.items()}
    return playing.play(folder, hosts, *tasks, arguments=arguments, **keywords)


def test_each_host_ends_as_its_survey_after_the_report_is_written(tmp_path: Path) -> None:
    surveys = {"gone": fleets.UNREACHABLE, "ok": fleets.survey(), "wrong": fleets.INPUT, "lost": None}
    status, output = play(tmp_path, surveys)
    assert status == 4, "unreachable; with failed hosts alone it is 2"
    assert play(tmp_path, {"wrong": fleets.INPUT}, dest="other")[0] == 2
    assert f"report: 1 ok, 2 failed, 1 unreachable: {tmp_path}/report/builders.html" in output
    told = json.loads((tmp_path / "report/builders.json").read_text())
    states = {host["name"]: host["state"] for host in told["hosts"]}
    assert states == {"gone": "unreachable", "ok": "ok", "wrong": "failed", "lost": "failed"}
    html = (tmp_path / "report/builders.html").read_text()
    assert all(name in html for name in surveys)
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["builders.html", "builders.json"]


def states(folder: Path, name: str = "report") -> dict[str, str]:
    """{host: state} of a report."""
    hosts = json.loads((folder / name / "builders.json").read_text())["hosts"]
    return {host["name"]: host["state"] for host in hosts}


def test_it_is_written_though_the_first_host_left_before(tmp_path: Path) -> None:
    status, output = plays(tmp_path, {"a": None, "b": fleets.survey()}, [failing("a"), writing()])
    assert status == 2
    assert states(tmp_path) == {"a": "failed", "b": "ok"}, output
    html = (tmp_path / "report/builders.html").read_text()
    assert "it was not surveyed: an earlier task failed" in html


def test_a_second_report_of_a_run_shows_no_host_as_the_first_one_did(tmp_path: Path) -> None:
    surveys = {"gone": fleets.UNREACHABLE, "lost": fleets.survey(), "ok": fleets.survey()}
    plays(tmp_path, surveys, [writing("first")], [failing("lost")], [surveyed("ok", "gone", "lost"), writing("second")])
    assert states(tmp_path, "first") == {"gone": "unreachable", "lost": "ok", "ok": "ok"}
    assert states(tmp_path, "second") == {"gone": "unreachable", "lost": "failed", "ok": "ok"}


def test_it_is_written_once_where_every_host_fails(tmp_path: Path) -> None:
    surveys = {f"h{number}": (fleets.UNREACHABLE, fleets.INPUT)[number % 2] for number in range(5)}
    status, output = play(tmp_path, surveys, "--forks", "1")
    assert status in (2, 4)
    assert output.count("report: 2 failed, 3 unreachable:") == 1


def test_with_serial_the_last_batch_writes_the_whole(tmp_path: Path) -> None:
    surveys = {"a": fleets.UNREACHABLE, "b": fleets.survey(), "c": fleets.survey(), "d": fleets.survey()}
    tasks = [surveyed("c", "a"), surveyed("d", "a"), writing()]
    _status, output = plays(tmp_path, surveys, tasks, serial=2)
    assert states(tmp_path) == {"a": "unreachable", "b": "ok", "c": "ok", "d": "ok"}
    assert output.count("report: ") == 2


def test_a_part_of_the_fleet_says_so(tmp_path: Path) -> None:
    play(tmp_path, {"a": fleets.survey(), "b": fleets.survey()}, "--limit", "b")
    assert json.loads((tmp_path / "report/builders.json").read_text())["limit"] == "b"
    assert "only those of --limit b" in (tmp_path / "report/builders.html").read_text()
    play(tmp_path, {"a": fleets.survey()})
    assert json.loads((tmp_path / "report/builders.json").read_text())["limit"] is None


@pytest.mark.parametrize(
    ("survey", "why"),
    [
        pytest.param(None, "the play needs strategy linear", id="not yet"),
        pytest.param({"changed": False, "skipped": True}, "the task was skipped", id="skipped"),
    ],
)
def test_why_a_host_was_not_surveyed(survey: dict[str, Any] | None, why: str, tmp_path: Path) -> None:
    play(tmp_path, {"a": survey, "b": fleets.survey()})
    assert states(tmp_path) == {"a": "failed", "b": "ok"}
    assert f"it was not surveyed: {why}" in (tmp_path / "report/builders.html").read_text()


def test_a_fleet_that_is_well_ends_well_and_is_written_anew(tmp_path: Path) -> None:
    for count in (1, 2):
        surveys = {f"h{number}": fleets.survey(number) for number in range(count)}
        status, output = play(tmp_path, surveys, dest=str(tmp_path / "a/b"))
        assert status == 0, output
        assert json.loads((tmp_path / "a/b/builders.json").read_text())["totals"]["ok"] == count


@pytest.mark.parametrize("check", [True, False], ids=["check mode", "a file in its way"])
def test_where_nothing_is_written(check: bool, tmp_path: Path) -> None:
    if not check:
        (tmp_path / "report").write_text("mine")
    status, output = play(tmp_path, {"h": fleets.survey()}, *(["--check"] if check else []))
    assert (status == 0) == check, output
    if check:
        assert not (tmp_path / "report").exists()
    else:
        assert "File exists: use another directory" in output
        assert (tmp_path / "report").read_text() == "mine"
