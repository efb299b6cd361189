"""python -m benchmarks: measure contenders side by side; then the tables and plots of the documentation."""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from itertools import cycle
from pathlib import Path

from benchmarks import former, hosts, machine, page, results, tables
from benchmarks.contenders import CONTENDERS, Contender, Task
from benchmarks.measure import RunError, run
from benchmarks.results import Measurement, Result
from benchmarks.states import STATES, State, authorities
from lab.progress import say, timed

RUNS = ("8:nothing,delay,ca,fresh", "32:nothing")


@dataclasses.dataclass
class Taken:
    """What a contender has measured so far in a state, and what its failed runs said."""

    runs: list[Measurement] = dataclasses.field(default_factory=list)
    failures: list[str] = dataclasses.field(default_factory=list)


def size_and_states(text: str) -> tuple[int, list[State]]:
    """8:nothing,ca → (8, those states)."""
    size, _colon, names = text.partition(":")
    known = {each.name: each for each in STATES}
    try:
        return int(size), [known[name] for name in names.split(",")]
    except (ValueError, KeyError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 8:{','.join(known)}") from error


def arguments() -> argparse.Namespace:
    """The command line."""
    contenders = [each.name for each in CONTENDERS]
    parser = argparse.ArgumentParser(
        prog="benchmarks", description="How long a fleet takes, with this project and others."
    )
    default = [size_and_states(each) for each in RUNS]
    parser.add_argument(
        "--runs",
        type=size_and_states,
        nargs="+",
        default=default,
        metavar="HOSTS:STATE,…",
        help=f"sizes of the fleet, up to 32, and what it is like before a run: {' '.join(RUNS)}",
    )
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contender in each state")
    parser.add_argument("--contenders", nargs="+", choices=contenders, default=contenders)
    return parser.parse_args()


def measure(state: State, contenders: list[Contender], size: int, rounds: int) -> list[Result]:
    """All runs of one state: the contenders take turns, each round begins with another one."""
    taken = {each.name: Taken() for each in contenders}
    with tempfile.TemporaryDirectory() as folder, state.reached(size) as network:
        cas = cycle(authorities(Path(folder)))
        now = Task(size, next(cas), trust=state.ca_changes, network=network)
        state.before_all(now)
        for turn in range(rounds):
            for contender in contenders[turn % len(contenders) :] + contenders[: turn % len(contenders)]:
                what = f"{size} hosts, {state.title}, round {turn + 1}: {contender.title}"
                while len(taken[contender.name].runs) <= turn:
                    now = dataclasses.replace(now, ca=next(cas)) if state.ca_changes else now
                    state.before_each(now)
                    attempt(state, contender, now, taken[contender.name], what)
    today = machine.today()
    return [Result(size, state.name, name, tuple(one.runs), tuple(one.failures), today) for name, one in taken.items()]


def attempt(state: State, contender: Contender, task: Task, taken: Taken, what: str) -> None:
    """One run. The first that fails is told, kept, and done again on hosts put right; the second ends the benchmark."""
    try:
        one = run(contender, task, changes=state.changes)
    except RunError as error:
        say(f"{what} failed: {error}")
        if taken.failures:
            raise
        taken.failures.append(str(error).splitlines()[0])
        state.before_all(task)
    else:
        taken.runs.append(one)
        say(f"{what} {one.wall:.2f} s")


def main() -> None:
    """Measure what the command line names; each size and state is written when it is done."""
    options = arguments()
    contenders = [each for each in CONTENDERS if each.name in options.contenders]
    former.ensure()
    for size, states in options.runs:
        with timed(f"{size} hosts up"):
            hosts.only(size)
        for state in states:
            found = measure(state, [each for each in contenders if state.counts(each)], size, options.rounds)
            results.add(results.RESULTS, machine.facts(), found)
            page.write()
            print(f"\n{tables.measured(results.load())}\n", flush=True)


if __name__ == "__main__":
    main()
