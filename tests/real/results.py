"""What the tests of each file came to when they last ran with the real images, as results.json keeps it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Run:
    """With what a file ran. `date` is ISO 8601; `images` are {name: reference}."""

    date: str
    kernel: str
    images: dict[str, str]
    beside: bool  # the stand-ins, which all other tests have


@dataclass
class Outcomes:
    """How the tests of a file ended; `failed` and `skipped` are {test: why}."""

    passed: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


Results = dict[str, tuple[Run, Outcomes]]  # of each file, such as test_gc


def outcomes(junit: str) -> dict[str, Outcomes]:
    """{file: outcomes} of pytest's JUnit file."""
    found = defaultdict[str, Outcomes](Outcomes)
    for case in ET.fromstring(junit).iter("testcase"):
        file, name = case.get("classname", "").rpartition(".")[2], case.get("name", "")
        bad = case.find("failure")
        bad = bad if bad is not None else case.find("error")
        passed_over = case.find("skipped")
        if bad is not None:
            found[file].failed[name] = _first_line(bad)
        elif passed_over is not None:
            found[file].skipped[name] = _first_line(passed_over)
        else:
            found[file].passed += 1
    return dict(found)


def _first_line(element: ET.Element) -> str:
    return (element.get("message") or "").strip().partition("\n")[0]


def load() -> Results:
    """The last run of each file that ever ran."""
    kept = json.loads(FILE.read_text()) if FILE.exists() else {}
    return {file: (Run(**each["run"]), Outcomes(**each["outcomes"])) for file, each in kept.items()}


def save(run: Run, found: Mapping[str, Outcomes]) -> None:
    """Keep these files' outcomes in place of their last; a run of some files leaves the others as they are."""
    results = sorted({**load(), **{file: (run, each) for file, each in found.items()}}.items())
    kept = {file: {"run": asdict(how), "outcomes": asdict(each)} for file, (how, each) in results}
    FILE.write_text(json.dumps(kept, indent=2) + "\n")
