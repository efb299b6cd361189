"""python -m benchmarks: measure, then write the results, the table and the plot."""

from __future__ import annotations

import argparse
import tempfile
from itertools import count
from pathlib import Path

from benchmarks import hosts, results
from benchmarks.contenders import CONTENDERS, Contender, Task
from benchmarks.measure import Measurement, run
from benchmarks.results import Result
from benchmarks.states import STATES, State, authorities
from lab.progress import say


def arguments() -> argparse.Namespace:
    """The command line."""
    names = [each.name for each in STATES]
    contenders = [each.name for each in CONTENDERS]
    parser = argparse.ArgumentParser(
        prog="benchmarks", description="How long a fleet takes, with this project and others."
    )
    parser.add_argument("--hosts", type=int, nargs="+", default=[8, 32], help="sizes of the fleet, up to 32")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contender in each state")
    parser.add_argument("--states", nargs="+", choices=names, default=names)
    parser.add_argument("--contenders", nargs="+", choices=contenders, default=contenders)
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results.json"), help="added to, not replaced")
    return parser.parse_args()


def measure(state: State, contenders: list[Contender], size: int, rounds: int) -> list[Result]:
    """All runs of one state: the contenders take turns, each round begins with another one."""
    found: dict[str, list[Measurement]] = {each.name: [] for each in contenders}
    with tempfile.TemporaryDirectory() as folder:
        cas = authorities(Path(folder))
        change = count(1)
        state.before_all(Task(size, cas[0]))
        for turn in range(rounds):
            for contender in contenders[turn % len(contenders) :] + contenders[: turn % len(contenders)]:
                task = Task(size, cas[next(change) % 2] if state.ca_changes else cas[0])
                state.before_each(task)
                one = run(contender, task)
                found[contender.name].append(one)
                say(f"{size} hosts, {state.title}, round {turn + 1}: {contender.title} {one.wall:.2f} s")
    return [Result(size, state.name, name, tuple(runs)) for name, runs in found.items()]


def main() -> None:
    """Measure what the command line names."""
    options = arguments()
    for size in options.hosts:
        hosts.lab("up", "registry", *(one.name for one in hosts.chosen(size)))
        for state in (each for each in STATES if each.name in options.states):
            contenders = [each for each in CONTENDERS if each.name in options.contenders and state.counts(each)]
            results.add(options.results, measure(state, contenders, size, options.rounds))
            print(f"\n{results.table(results.load(options.results))}\n", flush=True)
    results.plot(results.load(options.results), Path("docs/performance.svg"))


if __name__ == "__main__":
    main()
