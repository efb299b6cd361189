"""The table of goals in docs/performance.md, in Markdown. Nothing here measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.results import CONTENDERS, STATES, Results
from benchmarks.tables import NONE, markdown

Simulated = dict[str, Any]  # controller.json
FLEET, FORKS = 1_000, 50


@dataclass(frozen=True)
class Goal:
    """*measure* raises KeyError for what has not been measured; what it gives is to be *limit* at most.

    *shown* is its format.
    """

    state: str
    hosts: int
    words: str
    limit: float
    measure: Callable[[Results, Simulated], float]
    shown: str = "{:.2f}"

    def row(self, results: Results, simulated: Simulated) -> list[str]:
        """Its row of the table."""
        begin = [STATES[self.state], f"{self.hosts:,}", self.words]
        try:
            found = self.measure(results, simulated)
        except KeyError:
            return [*begin, NONE.lower().removesuffix("."), ""]
        return [*begin, self.shown.format(found), "yes" if found <= self.limit else "**no**"]


def _times(state: str, size: int, other: str, limit: float, ours: str = "ours") -> Goal:
    """Wall time of ours, or of another contender in its place, by that of the other."""

    def ratio(results: Results, _simulated: Simulated) -> float:
        mine, theirs = (results.one(size, state, name).middle("wall") for name in (ours, other))
        return mine / theirs

    proof = {"ca": ", with our proof", "fresh": ", with our proof"}.get(state, "")
    words = f"at most {limit:.2f} times {CONTENDERS[other]}{', without our proof' if ours == 'unproven' else proof}"
    return Goal(state, size, words, limit, ratio)


def _memory(size: int, limit: float) -> Goal:
    """Peak of the controller's memory, in MB."""

    def megabytes(results: Results, _simulated: Simulated) -> float:
        return results.one(size, "nothing", "ours").middle("memory") / 1e6

    return Goal("nothing", size, f"at most {limit:.0f} MB of the controller's memory", limit, megabytes, "{:.0f} MB")


def _simulated(quantity: str, words: str, limit: float) -> Goal:
    """A quantity of a run with hosts that answer from memory, by that of the former build."""

    def ratio(_results: Results, simulated: Simulated) -> float:
        runs = [
            each
            for each in simulated.get("runs", [])
            if (each["hosts"], each["forks"], each["serial"]) == (FLEET, FORKS, "")
        ]
        of = {each["contender"]: float(each[quantity]) for each in runs}
        return of["ours"] / of["former"]

    title = f"at most {limit:.2f} times the {words} of {CONTENDERS['former']}, simulated hosts"
    return Goal("nothing", FLEET, title, limit, ratio)


GOALS = (
    _times("nothing", 8, "pyinfra", 0.60),
    _times("nothing", 8, "ping", 1.00),
    _times("nothing", 32, "pyinfra", 0.40),
    _times("nothing", 32, "ssh", 2.50),
    _memory(32, 250),
    _simulated("wall", "wall time", 0.30),
    _simulated("controller", "processor time", 0.30),
    _times("delay", 8, "pyinfra", 0.60),
    _times("ca", 8, "pyinfra", 1.10),
    _times("ca", 8, "pyinfra", 0.90, "unproven"),
    _times("fresh", 8, "pyinfra", 1.20),
    _times("fresh", 8, "pyinfra", 1.00, "unproven"),
)


def table(results: Results, simulated: Simulated) -> str:
    """What was asked for, and what came out."""
    rows = [each.row(results, simulated) for each in GOALS]
    return markdown(("state", ">hosts", "goal", ">measured", "met"), rows)
