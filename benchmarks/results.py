"""What was measured: kept as JSON, shown as a table of medians and as a plot."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from statistics import median

from matplotlib.figure import Figure

from benchmarks.contenders import CONTENDERS
from benchmarks.measure import Measurement
from benchmarks.states import STATES

TITLES = {each.name: each.title for each in (*CONTENDERS, *STATES)}
ORDER = [each.name for each in CONTENDERS]


@dataclass(frozen=True)
class Result:
    """All runs of one contender in one state of a fleet of *hosts*."""

    hosts: int
    state: str
    contender: str
    runs: tuple[Measurement, ...]

    @property
    def key(self) -> tuple[int, int, int]:
        """Its place in the table."""
        return self.hosts, [each.name for each in STATES].index(self.state), ORDER.index(self.contender)

    def middle(self, quantity: str) -> float:
        """The median of a quantity of the runs."""
        return median(getattr(each, quantity) for each in self.runs)


def load(path: Path) -> list[Result]:
    """The results that were kept, in the order of the table."""
    rows = json.loads(path.read_text()) if path.exists() else []
    return [Result(**{**row, "runs": tuple(Measurement(**each) for each in row["runs"])}) for row in rows]


def add(path: Path, new: list[Result]) -> None:
    """Keep *new* in place of former results of the same contenders, states and sizes."""
    both = {each.key: each for each in [*load(path), *new]}
    path.write_text(json.dumps([asdict(both[key]) for key in sorted(both)], indent=1) + "\n")


def table(results: list[Result]) -> str:
    """A table in Markdown: medians, and how many times as long as ours each takes."""
    lines = [
        "| hosts | state | contender | runs | wall s | times ours | controller CPU s | host CPU s | controller MB |",
        "|--:|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    ours = {(each.hosts, each.state): each.middle("wall") for each in results if each.contender == "ours"}
    for each in results:
        own = ours.get((each.hosts, each.state))
        cells = [
            str(each.hosts),
            TITLES[each.state],
            TITLES[each.contender],
            str(len(each.runs)),
            f"{each.middle('wall'):.2f}",
            f"{each.middle('wall') / own:.2f}" if own else "",
            f"{each.middle('controller'):.2f}",
            f"{each.middle('targets') / each.hosts:.2f}",
            f"{each.middle('memory') / 1e6:.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def plot(results: list[Result], path: Path) -> None:
    """Wall time as bars, a panel for each state and size; the whisker is from the fastest to the slowest run."""
    panels = [(key, list(group)) for key, group in groupby(results, key=lambda each: (each.hosts, each.state))]
    figure = Figure(figsize=(9, 1.1 + 1.5 * len(panels)), layout="constrained")
    axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    for axis, ((size, state), group) in zip(axes, panels, strict=True):
        walls = [each.middle("wall") for each in group]
        spread = [
            [wall - min(run.wall for run in each.runs) for wall, each in zip(walls, group, strict=True)],
            [max(run.wall for run in each.runs) - wall for wall, each in zip(walls, group, strict=True)],
        ]
        colours = ["#2563eb" if each.contender == "ours" else "#94a3b8" for each in group]
        bars = axis.barh(
            [TITLES[each.contender] for each in group], walls, xerr=spread, color=colours, ecolor="#334155"
        )
        axis.bar_label(bars, [f" {wall:.1f} s" for wall in walls], padding=6)
        axis.set_title(f"{size} hosts, {TITLES[state]}", loc="left")
        axis.invert_yaxis()
        axis.margins(x=0.12)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
