"""python -m benchmarks.controller: what 1,000 hosts cost a controller, by hosts that answer from memory.

Each host is a name. Its connection takes the program, waits DELAY seconds and gives what the same program answered on a
host of the lab with nothing to do: that which compares a trace, or the module of a full plan. Everything else is the
real thing: playbook, role, action plugins, forks, callback. What ssh costs on top is measured by `python -m
benchmarks`, as the contender `ssh true`.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import former, hosts, machine, page
from benchmarks.contenders import BIN, CONTENDERS, FULL_PLAN, ROOT, Contender, Task, environment
from benchmarks.measure import watch
from benchmarks.results import FOLDER, save
from benchmarks.states import leave_traces
from lab import certificates
from lab.progress import say

FILE = FOLDER / "controller.json"
DELAY = 0.5  # a host that does other work meanwhile: one of the lab's needs less
ANSWERS = {"ours": (), "full": FULL_PLAN, "former": ()}  # what each contender gives the playbook
SIZES = ("1:50", "100:50", "300:50", "1000:50")
RUNS = (
    *(f"ours:{each}" for each in (*SIZES, "300:5", "300:10", "300:20", "300:100", "300:50:20%")),
    *(f"full:{each}" for each in SIZES),
    "former:1000:50",
)


@dataclass(frozen=True)
class Simulated:
    """A run: seconds, and bytes at the peak; *serial* is '' or what the play's keyword had."""

    contender: str
    hosts: int
    forks: int
    serial: str
    wall: float
    controller: float
    memory: int


def answer(contender: Contender) -> bytes:
    """What the one program that the contender runs on a host of the lab with nothing to do writes there."""
    task = Task(1, certificates.CA)
    if contender.planned:
        leave_traces(task)
    apart = contender.name if contender.records_apart else None
    with hosts.with_records(hosts.chosen(1), apart), tempfile.TemporaryDirectory(prefix="ssh-") as connections:
        variables = environment(contender, task, Path(connections))
        told = watch("recording", [*contender.command(task), "-vvv"], variables, contender.folder).output
    answers = re.findall(r"^<\S+> \(0, (b'.*?'), b'", told, re.MULTILINE)
    if len(answers) != 1 or contender.changed(told) or contender.did_plan(told):
        raise SystemExit(f"{hosts.chosen(1)[0].name} has something to do: provision it first.")
    written: bytes = ast.literal_eval(answers[0])
    return written


def simulate(folder: Path, contender: Contender, size: int, forks: int, serial: str) -> Simulated:
    """One run with so many hosts; *folder* is for its inventory."""
    inventory = folder / "inventory"
    inventory.mkdir(exist_ok=True)
    variables = {
        "ansible_connection": "memory",
        "memory_answer": str(folder / contender.name),
        "memory_answers_after": DELAY,
        "ansible_pipelining": True,
    }
    fleet = {"builders": {"hosts": {f"host-[1:{size}]": None}, "vars": variables}}
    (inventory / "hosts.yml").write_text(json.dumps(fleet))  # JSON is YAML too
    group_vars = inventory / "group_vars"
    if not group_vars.exists():
        group_vars.symlink_to(ROOT / "benchmarks/inventory/group_vars")
    playbook = [str(BIN / "ansible-playbook"), "-i", str(inventory), "playbooks/provision-builders.yml"]
    batches = ("--extra-vars", f"builder_serial={serial}") if serial else ()
    command = [*playbook, "--forks", str(forks), *ANSWERS[contender.name], *batches]
    settings = {
        **environment(contender, Task(0, certificates.CA), folder),
        "ANSIBLE_CONNECTION_PLUGINS": str(FOLDER / "connection"),
    }
    used = watch(f"{size} hosts", command, settings, contender.folder)
    if not re.search(rf"^({size} hosts|host-{size}): nothing to do", used.output, re.MULTILINE):
        raise SystemExit(f"Not all of {size} hosts have nothing to do:\n{used.output[-4000:]}")
    if contender.did_plan(used.output):
        raise SystemExit(f"The trace of a host did not hold:\n{used.output[-4000:]}")
    return Simulated(contender.name, size, forks, serial, used.wall, used.controller, used.memory)


def keep(done: list[Simulated]) -> None:
    """Write these runs, beside former ones of other sizes, if they are of this machine."""
    found: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
    facts = machine.facts()
    runs = [*(found["runs"] if found.get("machine") == facts else ()), *map(asdict, done)]
    of = {(each["contender"], each["hosts"], each["forks"], each["serial"]): each for each in runs}
    ordered = sorted(of.values(), key=lambda each: list(ANSWERS).index(each["contender"]))
    save(FILE, {"machine": facts, "delay": DELAY, "runs": ordered})


def main() -> None:
    """Run what the command line names; the file is written after each run."""
    parser = argparse.ArgumentParser(prog="benchmarks.controller", description="1,000 hosts that answer from memory.")
    names = "|".join(ANSWERS)
    parser.add_argument("runs", nargs="*", default=RUNS, metavar=f"{names}:HOSTS:FORKS[:SERIAL]", help=" ".join(RUNS))
    wanted = [f"{each}:".split(":")[:4] for each in parser.parse_args().runs]
    contenders = {each.name: each for each in CONTENDERS if each.name in {name for name, *_rest in wanted}}
    if "former" in contenders:
        former.ensure()
    done: list[Simulated] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, contender in contenders.items():
            Path(folder, name).write_bytes(answer(contender))
        for name, size, forks, serial in wanted:
            one = simulate(Path(folder), contenders[name], int(size), int(forks), serial)
            done.append(one)
            keep(done)
            words = f"{one.wall:.1f} s, controller {one.controller:.1f} s, {one.memory / 1e6:.0f} MB"
            say(f"{contenders[name].title}, {size} hosts, {forks} forks {serial}: {words}")
    page.write()


if __name__ == "__main__":
    main()
