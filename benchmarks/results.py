"""What was measured, kept as JSON. Standard library alone: the tests read it too."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
STATES = {
    "nothing": "nothing to change",
    "delay": "nothing to change, 30 ms a round trip",
    "ca": "one changed CA on all hosts",
    "fresh": "fresh hosts",
}
CONTENDERS = {
    "ours": "multiarch.builders",
    "full": "multiarch.builders, full plan",
    "unproven": "multiarch.builders, no proof",
    "former": "multiarch.builders, 35bd917",
    "stock": "stock tasks",
    "mitogen": "stock tasks, Mitogen",
    "pyinfra": "pyinfra",
    "ping": "Ansible, one empty module",
    "ssh": "ssh true",
}


@dataclass(frozen=True)
class Measurement:
    """Seconds, and bytes; *targets* is the processor time of all hosts together."""

    wall: float
    controller: float
    targets: float
    memory: int


@dataclass(frozen=True)
class Result:
    """All runs of one contender in one state of a fleet of *hosts*; *failures* are what runs that count not said;
    *date* is the day, such as 2026-11-21.
    """

    hosts: int
    state: str
    contender: str
    runs: tuple[Measurement, ...]
    failures: tuple[str, ...] = ()
    date: str = ""

    @property
    def key(self) -> tuple[int, int, int]:
        """Its place in the table."""
        return self.hosts, list(STATES).index(self.state), list(CONTENDERS).index(self.contender)

    def middle(self, quantity: str) -> float:
        """The median of a quantity of the runs."""
        return float(median(getattr(each, quantity) for each in self.runs))


@dataclass(frozen=True)
class Results:
    """The machine they are from, in words, and what was measured on it."""

    machine: dict[str, str] = field(default_factory=dict)
    measured: tuple[Result, ...] = ()

    def one(self, hosts: int, state: str, contender: str) -> Result:
        """One row. Raises KeyError if it was not measured."""
        return {(each.hosts, each.state, each.contender): each for each in self.measured}[hosts, state, contender]


def load(path: Path = RESULTS) -> Results:
    """The results that were kept, in the order of the table."""
    if not path.exists():
        return Results()
    content = json.loads(path.read_text())
    rows = []
    for row in content["measured"]:
        runs = tuple(Measurement(**each) for each in row["runs"])
        rows.append(Result(row["hosts"], row["state"], row["contender"], runs, tuple(row["failures"]), row["date"]))
    return Results(content["machine"], tuple(rows))


def add(path: Path, machine: dict[str, str], new: list[Result]) -> None:
    """Keep *new* in place of former results of the same contenders, states and sizes, if these are of this machine."""
    former = load(path)
    both = {each.key: each for each in [*(former.measured if former.machine == machine else ()), *new]}
    save(path, asdict(Results(machine, tuple(both[key] for key in sorted(both)))))


def save(path: Path, content: object) -> None:
    """Write JSON, whole or not at all."""
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(content, indent=1) + "\n")
    beside.replace(path)
