"""The tables of docs/performance.md, in Markdown, from results.json. Nothing here measures."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.lines import through
from benchmarks.results import CONTENDERS, STATES, Result, Results

NONE = "Not measured yet."


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; columns whose title begins with > are numbers, set to the right."""
    titles = [each.removeprefix(">") for each in head]
    rule = ["--:" if each.startswith(">") else "---" for each in head]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (titles, rule, *rows))


def machine(facts: dict[str, str]) -> str:
    """One sentence about the machine."""
    if not facts:
        return NONE
    versions = ", ".join(f"{name} {facts[name]}" for name in ("ansible-core", "mitogen", "pyinfra"))
    return (
        f"Controller, registry and all hosts share one machine: {facts['processor']}, {facts['memory']} of memory,\n"
        f"Linux {facts['kernel']}. Python {facts['python']}, {versions}."
    )


def measured(results: Results) -> str:
    """Medians, and how many times as long as ours each takes."""
    costs = (">wall s", ">times ours", ">controller CPU s", ">CPU s a host", ">MB", ">runs")
    rows = [_row(each, results) for each in sorted(results.measured, key=lambda each: (each.key[1], *each.key))]
    return markdown(("state", ">hosts", "contender", *costs), rows) if rows else NONE


def _row(one: Result, results: Results) -> list[str]:
    try:
        ratio = f"{one.middle('wall') / results.one(one.hosts, one.state, 'ours').middle('wall'):.2f}"
    except KeyError:
        ratio = ""
    return [
        STATES[one.state],
        str(one.hosts),
        CONTENDERS[one.contender],
        f"{one.middle('wall'):.2f}",
        ratio,
        f"{one.middle('controller'):.2f}",
        f"{one.middle('targets') / one.hosts:.2f}",
        f"{one.middle('memory') / 1e6:.0f}",
        str(len(one.runs)) + (f", {len(one.failures)} failed" if one.failures else ""),
    ]


# state, the other, how many times as long as ours it has to take
GOALS = (
    ("nothing", "pyinfra", 1.0),
    ("nothing", "stock", 10.0),
    ("ca", "stock", 5.0),
    ("fresh", "stock", 1.0),
    ("fresh", "mitogen", 1.0),
    ("fresh", "pyinfra", 1.0),
)


def goals(results: Results) -> str:
    """What was asked for, and what came out."""
    rows = []
    for state, other, wanted in GOALS:
        for size in sorted({each.hosts for each in results.measured}):
            try:
                ours, theirs = (results.one(size, state, name).middle("wall") for name in ("ours", other))
            except KeyError:
                continue
            aim = f"{wanted:.0f} times faster" if wanted > 1 else "not slower"
            met = "yes" if theirs / ours >= wanted else "**no**"
            rows.append(
                [STATES[state], str(size), f"{aim} than {CONTENDERS[other]}", f"{theirs / ours:.2f} times", met]
            )
    return markdown(("state", ">hosts", "goal", ">measured", "met"), rows) if rows else NONE


def growth(results: Results) -> str:
    """What one more host takes when nothing is to be changed, by a line through the sizes that were measured."""
    rows = []
    for name, title in CONTENDERS.items():
        points = [each for each in results.measured if (each.state, each.contender) == ("nothing", name)]
        if len(points) < 2:
            continue
        lines = {
            quantity: through([(each.hosts, each.middle(quantity)) for each in points])
            for quantity in ("wall", "controller", "targets", "memory")
        }
        rows.append(
            [
                title,
                *(f"{lines[each].fixed:.2f} + {lines[each].each:.3f}" for each in ("wall", "controller")),
                f"{lines['targets'].each:.2f}",
                f"{lines['memory'].fixed / 1e6:.0f} + {lines['memory'].each / 1e6:.1f}",
            ]
        )
    head = ("contender", ">wall s", ">controller CPU s", ">CPU s on the host", ">controller MB")
    return markdown(head, rows) if rows else NONE
