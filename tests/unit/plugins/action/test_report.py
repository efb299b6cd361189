"""The action `report`, in real plays on the controller: who writes, who fails, what happens where it cannot write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.browser import fleets

ROOT = Path(__file__).parents[4]


def play(folder: Path, surveys: dict[str, Any], *arguments: str, dest: str = "report") -> tuple[int, str]:
    """(status, output) of a play with the action alone; each host has its survey as a variable."""
    hosts = {name: {"survey": survey} if survey is not None else {} for name, survey in surveys.items()}
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    task = {"multiarch.builders.report": {"surveys": "survey", "dest": dest}}
    (folder / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.yml", "play.yml", *arguments]
    env = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible/collections"),
        "ANSIBLE_HOME": str(folder / ".ansible"),
        "ANSIBLE_NOCOLOR": "1",
    }
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


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
