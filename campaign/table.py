"""The table of docs/reliability.md, from results.json. Nothing here runs anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
PAGE = FOLDER.parent / "docs/reliability.md"
BEGIN, END = "<!-- measured: campaign -->\n", "<!-- end -->"


def markdown(results: dict[str, Any]) -> str:
    """A row a fault: how many runs it struck, and what became of their hosts."""
    rows = results.get("runs", [])
    if not rows:
        return "Not run yet.\n"
    titles = list(dict.fromkeys(row["title"] for row in rows))
    head = ("fault", "runs", "struck in time", "run said so", "as asked after one clean run", "else")
    lines = [head, ("---", "--:", "--:", "--:", "--:", "---")]
    for title in [*titles, ""]:
        of = [row for row in rows if not title or row["title"] == title]
        bad = dict.fromkeys(each for row in of for each in row["after"] or row["wrong"])
        lines.append(
            (
                title or "**all**",
                str(len(of)),
                str(sum(row["struck"] for row in of)),
                str(sum(row["status"] != 0 for row in of)),
                str(sum(row["recovered"] for row in of)),
                "; ".join(each.replace("|", "/")[:100] for each in bad) if title else "",
            )
        )
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def written(text: str) -> str:
    """The page with the table as it is now."""
    head, _begin, rest = text.partition(BEGIN)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return f"{head}{BEGIN}{markdown(results)}{END}{rest.partition(END)[2]}"


def write() -> None:
    """Write it."""
    PAGE.write_text(written(PAGE.read_text()))
