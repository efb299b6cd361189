"""python -m benchmarks.controller: what 1,000 hosts cost a controller, by hosts that answer from memory.

Each host is a name. Its connection takes the module, waits DELAY seconds and gives what the same module answered on a
host of the lab with nothing to do. Everything else is the real thing: playbook, role, action plugins, forks, callback.
What ssh costs on top is measured by `python -m benchmarks`, as the contender `ssh true`.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import hosts, machine, page
from benchmarks.contenders import BIN, CONTENDERS, ROOT, Task, environment
from benchmarks.measure import watch
from benchmarks.results import FOLDER, save
from lab import certificates
from lab.progress import say

FILE = FOLDER / "controller.json"
DELAY = 0.5  # a host that does other work meanwhile: one of the lab's needs less
RUNS = ("1:50", "100:50", "300:50", "1000:50", "300:5", "300:10", "300:20", "300:100", "300:50:20%")


@dataclass(frozen=True)
class Simulated:
    """A run: seconds, and bytes at the peak; *serial* is '' or what the play's keyword had."""

    hosts: int
    forks: int
    serial: str
    wall: float
    controller: float
    memory: int


def answer() -> bytes:
    """What the module `plan` writes on a host of the lab with nothing to do."""
    ours, task = CONTENDERS[0], Task(1, certificates.CA)
    with tempfile.TemporaryDirectory(prefix="ssh-") as connections:
        variables = environment(ours, task, Path(connections))
        told = watch("recording", [*ours.command(task), "-vvv"], variables).output
    answers = re.findall(r"^<\S+> \(0, (b'.*?'), b'", told, re.MULTILINE)
    if len(answers) != 1 or ours.changed(told):
        raise SystemExit(f"{hosts.chosen(1)[0].name} has something to do: provision it first.")
    written: bytes = ast.literal_eval(answers[0])
    return written


def simulate(folder: Path, size: int, forks: int, serial: str) -> Simulated:
    """One run with so many hosts; *folder* has the recorded answer."""
    inventory = folder / "inventory"
    inventory.mkdir(exist_ok=True)
    variables = {
        "ansible_connection": "memory",
        "memory_answer": str(folder / "answer"),
        "memory_delay": DELAY,
        "ansible_pipelining": True,
    }
    fleet = {"builders": {"hosts": {f"host-[1:{size}]": None}, "vars": variables}}
    (inventory / "hosts.yml").write_text(json.dumps(fleet))  # JSON is YAML too
    group_vars = inventory / "group_vars"
    if not group_vars.exists():
        group_vars.symlink_to(ROOT / "benchmarks/inventory/group_vars")
    playbook = [str(BIN / "ansible-playbook"), "-i", str(inventory), "playbooks/provision-builders.yml"]
    batches = ("--extra-vars", f"builder_serial={serial}") if serial else ()
    settings = {
        **environment(CONTENDERS[0], Task(0, certificates.CA), folder),
        "ANSIBLE_CONNECTION_PLUGINS": str(FOLDER / "connection"),
    }
    used = watch(f"{size} hosts", [*playbook, "--forks", str(forks), *batches], settings)
    planned = len(re.findall(r"^host-\d+ .*ok=2 .*changed=0 .*unreachable=0 .*failed=0", used.output, re.MULTILINE))
    if planned != size:
        raise SystemExit(f"{planned} of {size} hosts were planned:\n{used.output[-4000:]}")
    return Simulated(size, forks, serial, used.wall, used.controller, used.memory)


def main() -> None:
    """Run what the command line names; the file is written after each run."""
    parser = argparse.ArgumentParser(prog="benchmarks.controller", description="1,000 hosts that answer from memory.")
    parser.add_argument("runs", nargs="*", default=RUNS, metavar="HOSTS:FORKS[:SERIAL]", help=" ".join(RUNS))
    done: list[Simulated] = []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "answer").write_bytes(answer())
        for each in parser.parse_args().runs:
            size, forks, serial = f"{each}:".split(":")[:3]
            one = simulate(Path(folder), int(size), int(forks), serial)
            done.append(one)
            save(FILE, {"machine": machine.facts(), "delay": DELAY, "runs": [asdict(one) for one in done]})
            say(f"{each}: {one.wall:.1f} s, controller {one.controller:.1f} s, {one.memory / 1e6:.0f} MB")
    page.write()


if __name__ == "__main__":
    main()
