"""python -m benchmarks.profile: where the time of one host goes, by task and inside the module of the plan."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import hosts, page
from benchmarks.contenders import CONTENDERS, Task
from benchmarks.measure import run
from benchmarks.results import FOLDER, STATES, save
from benchmarks.states import authorities
from lab import cgroup, host
from lab.progress import timed
from lab.topology import HOSTS

FILE = FOLDER / "profile.json"
CALLBACK = FOLDER / "callback"
ON_HOST = FOLDER / "profile_on_host.py"
KEPT = "/root/.ansible/tmp"
OURS = CONTENDERS[0]


def run_with(task: Task, **environment: str) -> None:
    """Our playbook with more in its environment."""
    run(dataclasses.replace(OURS, environment=environment), task)


def tasks(task: Task) -> list[dict[str, Any]]:
    """What each task of our playbook takes on one host."""
    (one,) = hosts.chosen(1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "tasks")
        statistics = cgroup.top() / host.group_of(one) / "cpu.stat"
        run_with(task, ANSIBLE_CALLBACK_PLUGINS=str(CALLBACK), TASKS_FILE=str(file), TASKS_CPU=str(statistics))
        return [json.loads(line) for line in file.read_text().splitlines()]


def module(task: Task) -> dict[str, Any]:
    """The module of the plan, left on a host with nothing to do and run there again."""
    (one,) = hosts.chosen(1)
    host.ask(one, ["rm", "-rf", KEPT])
    run_with(task, ANSIBLE_PIPELINING="0", ANSIBLE_KEEP_REMOTE_FILES="1")
    command = host.entry(one, ["python3", "-"])
    if command is None:
        raise SystemExit(f"{one.name} is down")
    done = subprocess.run(command, input=ON_HOST.read_text(), capture_output=True, text=True, check=True)
    host.ask(one, ["rm", "-rf", KEPT])
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """A fresh host, then one changed CA, then nothing to do."""
    hosts.lab("up", next(one.name for one in HOSTS if one.is_registry))
    hosts.lab("reset", *(one.name for one in hosts.chosen(1)))
    with tempfile.TemporaryDirectory() as folder:
        first, renewed = authorities(Path(folder))
        runs = {"fresh": Task(1, first), "ca": Task(1, renewed, trust=True), "nothing": Task(1, renewed)}
        found = {}
        for state, task in runs.items():
            with timed(f"1 host, {STATES[state]}"):
                found[state] = tasks(task)
        with timed("the module of the plan"):
            of_plan = module(runs["nothing"])
    save(FILE, {"tasks": found, "plan": of_plan})
    page.write()


if __name__ == "__main__":
    main()
