"""What a run with the real images writes: its part of docs/compatibility.md is made from the results alone."""

from __future__ import annotations

from tests.real.page import NONE, PAGE, part, written
from tests.real.results import Results, load, outcomes

JUNIT = """<?xml version="1.0"?>
<testsuites><testsuite>
  <testcase classname="tests.hosts.test_gc" name="test_one[28.5]"/>
  <testcase classname="tests.hosts.test_gc" name="test_two"><failure message="assert 1&#10;and more"/></testcase>
  <testcase classname="tests.hosts.test_gc" name="test_three"><error message="failed on setup"/></testcase>
  <testcase classname="tests.hosts.test_limits" name="test_four"><skipped message="no cgroup"/></testcase>
  <testcase classname="tests.hosts.test_limits" name="test_five"><skipped message="no cgroup"/></testcase>
</testsuite></testsuites>"""
FAILED = {"test_gc::test_two": "assert 1", "test_gc::test_three": "failed on setup"}
SKIPPED = {"test_limits::test_four": "no cgroup", "test_limits::test_five": "no cgroup"}
IMAGES = {
    "buildkit": "docker.io/moby/buildkit:v0.32.2@sha256:00",
    "binfmt": "docker.io/tonistiigi/binfmt:qemu-v10.0.13@sha256:11",
}
RUN = Results(
    "2026-11-30", "6.18.44", IMAGES, False, ["tests/hosts"], {"passed": 1, "failed": 2, "skipped": 2}, FAILED, SKIPPED
)


def test_the_page_is_as_the_last_run_wrote_it() -> None:
    text = PAGE.read_text()
    assert written(text, load()) == text, "run `python -m tests.real.page`"


def test_outcomes_are_read_from_pytests_file() -> None:
    assert outcomes(JUNIT) == ({"passed": 1, "failed": 2, "skipped": 2}, FAILED, SKIPPED)


def test_the_page_says_what_ran_and_all_that_did_not_pass() -> None:
    lines = part(RUN).splitlines()
    assert " ".join(lines[: lines.index("")]) == (
        "2026-11-30, Linux 6.18.44: `moby/buildkit:v0.32.2`, `tonistiigi/binfmt:qemu-v10.0.13`, "
        "in place of the stand-ins, with both engines. `tests/hosts`: 1 passed, 2 failed, 2 skipped."
    )
    assert "- `test_gc::test_two`: assert 1" in lines
    assert "- 2 tests, such as `test_limits::test_four`: no cgroup" in lines


def test_without_a_run_it_says_so() -> None:
    assert part(None) == NONE
