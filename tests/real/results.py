"""What a run with the real images came to, as results.json keeps it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Results:
    """One run. `date` is ISO 8601; `images` are {name: reference}; `failed` and `skipped` are {test: why}."""

    date: str
    kernel: str
    images: dict[str, str]
    beside: bool  # the stand-ins, which all other tests have
    tests: list[str]
    counts: dict[str, int]
    failed: dict[str, str]
    skipped: dict[str, str]


def outcomes(junit: str) -> tuple[dict[str, int], dict[str, str], dict[str, str]]:
    """(numbers of passed, failed and skipped tests; why each failed; why each was skipped) of pytest's JUnit file."""
    counts, failed, skipped = Counter[str](passed=0, failed=0, skipped=0), dict[str, str](), dict[str, str]()
    for case in ET.fromstring(junit).iter("testcase"):
        name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"
        bad = case.find("failure")
        bad = bad if bad is not None else case.find("error")
        passed_over = case.find("skipped")
        if bad is not None:
            failed[name] = _first_line(bad)
        elif passed_over is not None:
            skipped[name] = _first_line(passed_over)
        outcome = "failed" if bad is not None else "passed" if passed_over is None else "skipped"
        counts[outcome] += 1
    return dict(counts), failed, skipped


def _first_line(element: ET.Element) -> str:
    return (element.get("message") or "").strip().partition("\n")[0]


def load() -> Results | None:
    """The last run, if there was one."""
    return Results(**json.loads(FILE.read_text())) if FILE.exists() else None


def save(results: Results) -> None:
    """Keep a run in place of the last."""
    FILE.write_text(json.dumps(asdict(results), indent=2) + "\n")
