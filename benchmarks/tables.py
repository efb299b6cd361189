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


def machine(results: Results) -> str:
    """About the machine, and when it was."""
    facts, days = results.machine, sorted({each.date for each in results.measured})
    if not facts or not days:
        return NONE
    when = f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
    versions = ", ".join(f"{name} {facts[name]}" for name in ("ansible-core", "mitogen", "pyinfra"))
    return (
        f"Controller, registry and all hosts share one machine: {facts['processor']}, {facts['memory']} of memory,\n"
        f"Linux {facts['kernel']}. Python {facts['python']}, {versions}.\n"
        f"Measured {when}."
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
