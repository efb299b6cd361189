"""The part of docs/compatibility.md that a run with the real images writes."""

from __future__ import annotations

import re
import textwrap
from collections import defaultdict
from pathlib import Path

from tests.real.results import Results, load

PAGE = Path(__file__).parents[2] / "docs/compatibility.md"
PART = re.compile(r"(<!-- made by make real -->\n).*?(<!-- end -->)", re.DOTALL)
NONE = "No run has been recorded."
LONGEST, WIDTH = 160, 120


def part(results: Results | None) -> str:
    """What ran, with which images, and all that failed or was skipped."""
    if not results:
        return NONE
    images = ", ".join(_image(reference) for reference in results.images.values())
    where = (
        "beside the stand-ins, which all other tests have"
        if results.beside
        else "in place of the stand-ins, with both engines"
    )
    counts = ", ".join(f"{number} {outcome}" for outcome, number in results.counts.items() if number)
    said = f"{results.date}, Linux {results.kernel}: {images}, {where}. `{' '.join(results.tests)}`: {counts}."
    lines = [
        *textwrap.wrap(said, WIDTH, break_on_hyphens=False, break_long_words=False),
        *_listed("Failed", results.failed),
        *_listed("Skipped", results.skipped),
    ]
    return "\n".join(lines)


def _image(reference: str) -> str:
    """`moby/buildkit:v1` of docker.io/moby/buildkit:v1@sha256:….."""
    return f"`{reference.partition('@')[0].removeprefix('docker.io/')}`"


def _listed(title: str, tests: dict[str, str]) -> list[str]:
    """A list of tests, those with the same reason together."""
    reasons = defaultdict[str, list[str]](list)
    for test, why in tests.items():
        reasons[_short(why)].append(test)
    rows = [f"- {_tests(names)}: {why}" for why, names in sorted(reasons.items())]
    return ["", f"{title}:", "", *rows] if rows else []


def _short(why: str) -> str:
    text = why.replace("|", "\\|").replace("<", "&lt;")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _tests(names: list[str]) -> str:
    return f"`{names[0]}`" if len(names) == 1 else f"{len(names)} tests, such as `{names[0]}`"


def written(text: str, results: Results | None) -> str:
    """The page with that part as it has to be."""
    return PART.sub(lambda found: f"{found[1]}\n{part(results)}\n\n{found[2]}", text)


def write() -> None:
    """Write it."""
    PAGE.write_text(written(PAGE.read_text(), load()))


if __name__ == "__main__":
    write()
