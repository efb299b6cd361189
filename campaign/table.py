"""The tables of docs/reliability.md, from results.json and load.json. Nothing here runs anything."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
LOAD = FOLDER / "load.json"
PAGE = FOLDER.parent / "docs/reliability.md"
END = "<!-- end -->"
LONGEST = 100  # characters of what was wrong


def campaign(results: dict[str, Any]) -> str:
    """A row a fault: how many runs it struck, and what became of their hosts."""
    rows = results.get("runs", [])
    if not rows:
        return "Not run yet.\n"
    titles = dict.fromkeys(row["title"] for row in rows)
    lines = [
        ("fault", "runs", "struck in time", "run said so", "as asked after one clean run", "else"),
        ("---", "--:", "--:", "--:", "--:", "---"),
        *((title, *_counts([row for row in rows if row["title"] == title])) for title in titles),
        ("**all**", *_counts(rows)[:-1], ""),
    ]
    return _table(lines)


def _counts(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    bad = dict.fromkeys(each for row in rows for each in (*row["wrong"], *row["after"]))
    numbers = (
        len(rows),
        sum(row["struck"] for row in rows),
        sum(row["status"] != 0 for row in rows),
        sum(row["recovered"] for row in rows),
    )
    return (*map(str, numbers), "; ".join(each[:LONGEST] for each in bad))


def load(measured: dict[str, Any]) -> str:
    """What became of a fleet of which some fail, and the last lines about those."""
    if not measured:
        return "Not run yet.\n"
    hosts, failed = measured["hosts"], measured["failed"]
    lines = [("host", "fault", "last line"), ("---", "---", "---")]
    lines += [(each["host"], each["fault"], "; ".join(each["lines"])) for each in failed]
    return (
        f"{hosts} new hosts in one run of {measured['seconds']:.0f} s, {len(failed)} of them with a fault that lasts: "
        f"{measured['builders']} of the other {hosts - len(failed)} are builders as asked, and after the fault and one "
        f"more run {measured['recovered']} of the {len(failed)}.\n\n{_table(lines)}"
    )


def _table(lines: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def written(text: str) -> str:
    """The page with the tables as they are now."""
    for name, made in (("campaign", campaign(_read(RESULTS))), ("failing fleet", load(_read(LOAD)))):
        head, begin, rest = text.partition(f"<!-- measured: {name} -->\n")
        text = f"{head}{begin}{made}{END}{rest.partition(END)[2]}"
    return text


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.exists() else {}


def write() -> None:
    """Write it."""
    PAGE.write_text(written(PAGE.read_text()))


if __name__ == "__main__":
    write()
