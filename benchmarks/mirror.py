"""python -m benchmarks.mirror: what a fleet asks of its registry mirror, counted in the mirror's own log."""

from __future__ import annotations

import argparse
import json
from typing import Any

from benchmarks import hosts, page, scale
from benchmarks.contenders import CONTENDERS, Task
from benchmarks.measure import run
from benchmarks.mirror_log import requests, summary
from benchmarks.results import FOLDER, STATES, save
from lab import certificates, host
from lab.progress import say, timed
from lab.topology import HOSTS

FILE = FOLDER / "mirror.json"
REGISTRY = next(one for one in HOSTS if one.is_registry)


def log(*arguments: str) -> list[str]:
    """Lines of the mirror's journal."""
    host.ask(REGISTRY, ["journalctl", "--sync"])
    answer = host.ask(REGISTRY, ["journalctl", "--unit=mirror", "--output=cat", "--quiet", "--no-pager", *arguments])
    if answer is None or answer.returncode:
        raise SystemExit(f"The journal of {REGISTRY.name} cannot be read: {answer.stderr if answer else 'it is down'}")
    return answer.stdout.splitlines()


def count(size: int) -> dict[str, Any]:
    """What a run of our playbook asks for."""
    cursor = log("--lines=0", "--show-cursor")[-1].partition("cursor: ")[2]
    run(CONTENDERS[0], Task(size, certificates.CA))
    addresses = {str(one.address) for one in hosts.chosen(size)}
    asked = [each for each in requests(log(f"--after-cursor={cursor}")) if each.address in addresses]
    return summary(asked)


def main() -> None:
    """A fresh fleet, then the same with nothing to do."""
    parser = argparse.ArgumentParser(prog="benchmarks.mirror", description="What a fleet asks of its mirror.")
    parser.add_argument("--hosts", type=int, default=8, help="size of the fleet, up to 32")
    size = parser.parse_args().hosts
    hosts.lab("up", REGISTRY.name)
    hosts.lab("reset", *(one.name for one in hosts.chosen(size)))
    states = {}
    for state in ("fresh", "nothing"):
        with timed(f"{size} hosts, {STATES[state]}"):
            states[state] = count(size)
    save(FILE, {"hosts": size, "states": states})
    page.write()
    say(scale.mirror(json.loads(FILE.read_text())))


if __name__ == "__main__":
    main()
