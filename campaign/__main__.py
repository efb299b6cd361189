"""python -m campaign: many runs, each with one fault at a random moment. The same seed makes the same plan."""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from campaign import foreign, table
from campaign.experiment import INVENTORIES, VARIABLES, Outcome, experiment, provision
from campaign.faults import FAULTS, Fault
from campaign.site import Site
from lab.progress import say

STATES = tuple(VARIABLES)  # a pair of runs on one host


@dataclass(frozen=True)
class Pair:
    """Two runs on one new host, each with its fault and its moment."""

    number: int
    strikes: tuple[tuple[Fault, float], ...]


def pairs(runs: int, seed: int, faults: list[Fault]) -> list[Pair]:
    """The plan: every fault as often as every other, in both states, at moments by chance."""
    chance = random.Random(seed)
    turns: list[Fault] = []
    while len(turns) < runs:
        turns += chance.sample(faults, len(faults))
    strikes = [(fault, round(chance.random(), 3)) for fault in turns[:runs]]
    return [Pair(start // 2, tuple(strikes[start : start + 2])) for start in range(0, runs, 2)]


class Campaign:
    """Runs pairs, a host for each worker, and keeps what came out."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rows: list[dict[str, object]] = []
        self._lock = threading.Lock()

    def measure(self, site: Site) -> dict[str, float]:
        """How long a run without a fault takes on this host, in both states: seconds."""
        site.make()
        foreign.plant(site)
        seconds = {}
        for state in STATES:
            begin = time.monotonic()
            status, output = provision(site.name, VARIABLES[state], *INVENTORIES)
            seconds[state] = time.monotonic() - begin
            if status:
                raise RuntimeError(f"{site.name}: a run without a fault failed:\n{output[-3000:]}")
        return seconds

    def run(self, pair: Pair, site: Site, expected: dict[str, float]) -> None:
        """Both runs of a pair, on a new host."""
        site.make()
        foreign.plant(site)
        for state, (fault, moment) in zip(STATES, pair.strikes, strict=False):
            outcome = experiment(site, fault, state, moment, expected[state])
            if state == "fresh" and not outcome.recovered:
                provision(site.name, VARIABLES[state], *INVENTORIES)
            self._keep(fault, outcome)

    def _keep(self, fault: Fault, outcome: Outcome) -> None:
        with self._lock:
            self.rows.append({**asdict(outcome), "title": fault.title, "recovered": outcome.recovered})
            table.RESULTS.write_text(json.dumps({"seed": self.seed, "runs": self.rows}, indent=1) + "\n")
            words = "; ".join([*outcome.wrong, *outcome.after]) or "as asked"
            say(f"{len(self.rows)}: {fault.title}, {outcome.state}, at {outcome.moment:.0%}: {words}")


def main() -> int:
    """The whole campaign; 1 if a host did not recover."""
    parser = argparse.ArgumentParser(prog="campaign", description="Faults at random moments of real runs.")
    parser.add_argument("--runs", type=int, default=6 * len(FAULTS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hosts", nargs="+", default=["spare-1", "spare-2"], metavar="HOST")
    parser.add_argument("--faults", nargs="+", default=[each.name for each in FAULTS], choices=[f.name for f in FAULTS])
    options = parser.parse_args()
    chosen = [each for each in FAULTS if each.name in options.faults]
    campaign = Campaign(options.seed)
    waiting = iter(pairs(options.runs, options.seed, chosen))
    turn = threading.Lock()

    def work(site: Site) -> None:
        expected = campaign.measure(site)
        while True:
            with turn:
                pair = next(waiting, None)
            if pair is None:
                site.discard()
                return
            campaign.run(pair, site, expected)

    with ThreadPoolExecutor(len(options.hosts)) as pool:
        list(pool.map(work, map(Site, options.hosts)))
    table.write()
    return int(any(not row["recovered"] for row in campaign.rows))


if __name__ == "__main__":
    sys.exit(main())
