"""python -m campaign: many runs, each with one fault at a random moment. The same seed makes the same plan."""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from campaign import foreign, table
from campaign.experiment import FIRST, experiment, provision
from campaign.faults import FAULTS, Fault
from campaign.site import Site
from lab.progress import say

STATES = ("fresh", "change")  # a pair of runs on one host: it is made a builder, then described in another way
TYPICAL = {"fresh": 40.0, "change": 30.0}  # seconds, before any was measured


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
        self.results = {"seed": seed, "runs": list[dict[str, object]]()}
        self._expected = dict(TYPICAL)
        self._lock = threading.Lock()

    def run(self, pair: Pair, site: Site) -> None:
        """Both runs of a pair; one that a fault made impossible is told."""
        site.make()
        foreign.plant(site)
        for state, (fault, moment) in zip(STATES, pair.strikes, strict=False):
            outcome, seconds = experiment(site, fault, state, moment, self._expected[state])
            if state == "fresh" and not outcome.recovered:
                provision(site, FIRST)
            with self._lock:
                self._expected[state] = max(self._expected[state] * 0.7, seconds)
                row = {**asdict(outcome), "title": fault.title, "recovered": outcome.recovered}
                self.results["runs"].append(row)  # type: ignore[attr-defined]
                table.RESULTS.write_text(json.dumps(self.results, indent=1) + "\n")
                words = "; ".join(outcome.after or outcome.wrong) or "as asked"
                say(f"{len(self.results['runs'])}: {fault.title}, {state}, at {moment:.0%}: {words}")  # type: ignore[arg-type]


def main() -> int:
    """The whole campaign; 1 if a host did not recover."""
    parser = argparse.ArgumentParser(prog="campaign", description="Faults at random moments of real runs.")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hosts", nargs="+", default=["spare-1", "spare-2"], metavar="HOST")
    parser.add_argument("--faults", nargs="+", default=[each.name for each in FAULTS], choices=[f.name for f in FAULTS])
    options = parser.parse_args()
    chosen = [each for each in FAULTS if each.name in options.faults]
    campaign = Campaign(options.seed)
    waiting = iter(pairs(options.runs, options.seed, chosen))
    turn = threading.Lock()

    def work(site: Site) -> None:
        while True:
            with turn:
                pair = next(waiting, None)
            if pair is None:
                site.discard()
                return
            campaign.run(pair, site)

    with ThreadPoolExecutor(len(options.hosts)) as pool:
        list(pool.map(work, map(Site, options.hosts)))
    table.write()
    return int(any(not row["recovered"] for row in campaign.results["runs"]))  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
