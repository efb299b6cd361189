"""python -m benchmarks.page: what was measured, written into docs/performance.md, docs/scale.md and the plot.

The tables stand between `<!-- measured: NAME -->` and `<!-- end -->`; the rest of the pages is written by hand.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from benchmarks import goals, plot, results, scale, spent, tables

DOCS = Path(__file__).parents[1] / "docs"
PART = re.compile(r"(<!-- measured: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _read(name: str) -> dict[str, Any]:
    path = results.FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def parts() -> dict[str, str]:
    """Every table by its name."""
    measured, simulated, counted = results.load(), _read("controller"), _read("mirror")
    profile = _read("profile")
    return {
        "machine": tables.machine(measured),
        "table": tables.measured(measured),
        "goals": goals.table(measured, simulated),
        "growth": tables.growth(measured),
        "profiled": spent.profiled(profile),
        "tasks": spent.tasks(profile),
        "module": spent.module(profile),
        "spenders": spent.spenders(profile),
        "controller": scale.controller(simulated),
        "fleets": scale.fleets(simulated, measured),
        "controllers": scale.controllers(simulated),
        "mirror": scale.mirror(counted),
        "twice": scale.twice(counted),
        "load": scale.load(counted),
    }


def written(text: str) -> str:
    """A page with its tables as they are now. Raises KeyError for a table that there is not."""
    known = parts()
    return PART.sub(lambda found: f"{found[1]}{known[found[2]]}\n{found[3]}", text)


def files() -> dict[Path, str]:
    """All files that are made of measurements, as they have to be."""
    pages = (DOCS / "performance.md", DOCS / "scale.md")
    return {
        **{path: written(path.read_text()) for path in pages},
        DOCS / "performance.svg": plot.svg(results.load()),
    }


def write() -> None:
    """Write them."""
    for path, text in files().items():
        path.write_text(text)


if __name__ == "__main__":
    write()
