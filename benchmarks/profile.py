"""python -m benchmarks.profile: where the time of one host goes, by task, in the plan's module, by who spends it."""

from __future__ import annotations

import dataclasses
import json
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import hosts, machine, page
from benchmarks.contenders import CONTENDERS, Contender, Task
from benchmarks.measure import run
from benchmarks.results import FOLDER, STATES, save
from benchmarks.states import authorities, leave_traces
from lab import cgroup, host
from lab.progress import timed
from lab.topology import HOSTS

FILE = FOLDER / "profile.json"
CALLBACK = FOLDER / "callback"
ON_HOST = FOLDER / "profile_on_host.py"
KEPT = "/root/.ansible/tmp"
OURS, FULL = (next(each for each in CONTENDERS if each.name == name) for name in ("ours", "full"))
# Who spends the processor time of a fresh host: cgroups of systemd; spent.py has the words for them.
SPENDERS = {
    "containerd": "system.slice/containerd.service",
    "dockerd": "system.slice/docker.service",
    "sessions": "user.slice",
}
COMPARED = ("unproven", "pyinfra")  # neither proves anything, so they do the same work
ROUNDS = 3


def run_with(contender: Contender, task: Task, **environment: str) -> None:
    """A contender with more in its environment."""
    run(dataclasses.replace(contender, environment=environment), task)


def tasks(task: Task) -> list[dict[str, Any]]:
    """What each task of our playbook takes on one host."""
    (one,) = hosts.chosen(1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "tasks")
        usage = cgroup.top() / host.group_of(one) / "cpu.stat"
        run_with(OURS, task, ANSIBLE_CALLBACK_PLUGINS=str(CALLBACK), TASKS_FILE=str(file), TASKS_CPU=str(usage))
        return [json.loads(line) for line in file.read_text().splitlines()]


def module(task: Task) -> dict[str, Any]:
    """The module of the plan, left on a host with nothing to do and run there again."""
    (one,) = hosts.chosen(1)
    host.ask(one, ["rm", "-rf", KEPT])
    run_with(FULL, task, ANSIBLE_PIPELINING="0", ANSIBLE_KEEP_REMOTE_FILES="1")
    command = host.entry(one, ["python3", "-"])
    if command is None:
        raise SystemExit(f"{one.name} is down")
    done = subprocess.run(command, input=ON_HOST.read_text(), capture_output=True, text=True, check=True)
    host.ask(one, ["rm", "-rf", KEPT])
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def spenders(contender: Contender, task: Task) -> dict[str, float]:
    """Who spent the processor time of one fresh host while it was made a builder: seconds."""
    (one,) = hosts.chosen(1)
    hosts.lab("reset", one.name)
    whole = host.group_of(one)

    def now() -> dict[str, float]:
        groups = {name: f"{whole}/payload/{path}" for name, path in SPENDERS.items()}
        return {name: cgroup.cpu_seconds(group) for name, group in {**groups, "all": whole}.items()}

    before = now()
    run(contender, task)
    return {name: seconds - before[name] for name, seconds in now().items()}


def compared(task: Task) -> dict[str, dict[str, float]]:
    """The same for two contenders: medians."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in COMPARED}
    for _round in range(ROUNDS):
        for contender in (each for each in CONTENDERS if each.name in COMPARED):
            taken[contender.name].append(spenders(contender, task))
    return {
        contender: {name: statistics.median(each[name] for each in runs) for name in runs[0]}
        for contender, runs in taken.items()
    }


def main() -> None:
    """A fresh host, then one changed CA, then nothing to do; then fresh hosts again, for two contenders."""
    hosts.lab("up", next(one.name for one in HOSTS if one.is_registry))
    hosts.lab("reset", *(one.name for one in hosts.chosen(1)))
    with tempfile.TemporaryDirectory() as folder:
        first, renewed = authorities(Path(folder))
        runs = {"fresh": Task(1, first), "ca": Task(1, renewed, trust=True), "nothing": Task(1, renewed)}
        found = {}
        for state, task in runs.items():
            if state == "nothing":
                leave_traces(task)
            with timed(f"1 host, {STATES[state]}"):
                found[state] = tasks(task)
        with timed("the module of the plan"):
            of_plan = module(runs["nothing"])
        with timed("a fresh host, by who spends its time"):
            spent = compared(runs["fresh"])
    of_what = {"date": machine.today(), "commit": machine.commit()}
    save(FILE, {**of_what, "tasks": found, "plan": of_plan, "spenders": spent})
    page.write()


if __name__ == "__main__":
    main()
