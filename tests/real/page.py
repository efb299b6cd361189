"""The part of docs/compatibility.md that a run with the real images writes."""

from __future__ import annotations

import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.real.results import Outcomes, Results, Run, load

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/compatibility.md"
PART = re.compile(r"(<!-- made by make real -->\n).*?(<!-- end -->)", re.DOTALL)
NONE = "No run has been recorded."
LONGEST, WIDTH = 160, 120


def every_file() -> list[str]:
    """The names of all files of tests on hosts."""
    return sorted(each.stem for each in (ROOT / "tests/hosts").glob("test_*.py"))


def part(results: Results, files: Sequence[str]) -> str:
    """What ran of *files*, with which images, all that failed or was skipped, and what did not run."""
    runs = defaultdict[str, dict[str, Outcomes]](dict)
    for file, (run, outcomes) in results.items():
        if file in files:
            runs[_how(run)][file] = outcomes
    missing = [file for file in files if file not in results]
    blocks = [block for how, found in runs.items() for block in _run(how, found)]
    if missing and runs:
        blocks.append(_wrapped(f"Not run: {_names(missing)}."))
    return "\n\n".join(blocks) or NONE


def _how(run: Run) -> str:
    images = ", ".join(_image(reference) for reference in run.images.values())
    where = "beside the stand-ins" if run.beside else "in place of the stand-ins, with both engines"
    return f"{run.date}, Linux {run.kernel}: {images}, {where}"


def _run(how: str, found: dict[str, Outcomes]) -> Iterator[str]:
    failed = {f"{file}::{test}": why for file, each in found.items() for test, why in each.failed.items()}
    skipped = {f"{file}::{test}": why for file, each in found.items() for test, why in each.skipped.items()}
    numbers = {"passed": sum(each.passed for each in found.values()), "failed": len(failed), "skipped": len(skipped)}
    counts = ", ".join(f"{number} {outcome}" for outcome, number in numbers.items() if number)
    yield _wrapped(f"{how}: {counts}. {_names(found)}.")
    yield from _listed("Failed", failed)
    yield from _listed("Skipped", skipped)


def _names(files: Iterable[str]) -> str:
    return ", ".join(f"`{file}`" for file in files)


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False))


def _image(reference: str) -> str:
    """`moby/buildkit:v1` of docker.io/moby/buildkit:v1@sha256:….."""
    return f"`{reference.partition('@')[0].removeprefix('docker.io/')}`"


def _listed(title: str, tests: dict[str, str]) -> Iterator[str]:
    """A list of tests, those with the same reason together."""
    reasons = defaultdict[str, list[str]](list)
    for test, why in tests.items():
        reasons[_short(why)].append(test)
    if reasons:
        yield f"{title}:"
        yield "\n".join(f"- {_tests(names)}: {why}" for why, names in sorted(reasons.items()))


def _short(why: str) -> str:
    text = why.replace("|", "\\|").replace("<", "&lt;")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _tests(names: list[str]) -> str:
    return f"`{names[0]}`" if len(names) == 1 else f"{len(names)} tests, such as `{names[0]}`"


def written(text: str, results: Results) -> str:
    """The page with that part as it has to be."""
    return PART.sub(lambda found: f"{found[1]}\n{part(results, every_file())}\n\n{found[2]}", text)


def write() -> None:
    """Write it."""
    PAGE.write_text(written(PAGE.read_text(), load()))


if __name__ == "__main__":
    write()
