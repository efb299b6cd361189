"""What a run with the real images writes: its part of docs/compatibility.md is made from the results alone."""

from __future__ import annotations

from tests.real.page import NONE, PAGE, part, written
from tests.real.results import Outcomes, Run, load, outcomes

JUNIT = """<?xml version="1.0"?>
<testsuites><testsuite>
  <testcase classname="tests.hosts.test_gc" name="test_one[28.5]"/>
  <testcase classname="tests.hosts.test_gc" name="test_two"><failure message="assert 1&#10;and more"/></testcase>
  <testcase classname="tests.hosts.test_gc" name="test_three"><error message="failed on setup"/></testcase>
  <testcase classname="tests.hosts.test_limits" name="test_four"><skipped message="no cgroup"/></testcase>
  <testcase classname="tests.hosts.test_limits" name="test_five"><skipped message="no cgroup"/></testcase>
</testsuite></testsuites>"""
GC = Outcomes(1, {"test_two": "assert 1", "test_three": "failed on setup"})
LIMITS = Outcomes(skipped={"test_four": "no cgroup", "test_five": "no cgroup"})
IMAGES = {
    "buildkit": "docker.io/moby/buildkit:v0.32.2@sha256:00",
    "binfmt": "docker.io/tonistiigi/binfmt:qemu-v10.0.13@sha256:11",
}
RUN = Run("2026-11-30", "6.18.44", IMAGES, beside=False)


def test_the_page_is_as_the_last_run_wrote_it() -> None:
    text = PAGE.read_text()
    assert written(text, load()) == text, "run `python -m tests.real.page`"


def test_outcomes_are_read_from_pytests_file() -> None:
    assert outcomes(JUNIT) == {"test_gc": GC, "test_limits": LIMITS}


def test_the_page_says_what_ran_all_that_did_not_pass_and_what_did_not_run() -> None:
    results = {"test_gc": (RUN, GC), "test_limits": (RUN, LIMITS), "test_no_more": (RUN, GC)}
    blocks = [block.replace("\n", " ") for block in part(results, ["test_gc", "test_limits", "test_new"]).split("\n\n")]
    assert blocks == [
        "2026-11-30, Linux 6.18.44: `moby/buildkit:v0.32.2`, `tonistiigi/binfmt:qemu-v10.0.13`, "
        "in place of the stand-ins, with both engines: 1 passed, 2 failed, 2 skipped. `test_gc`, `test_limits`.",
        "Failed:",
        "- `test_gc::test_two`: assert 1 - `test_gc::test_three`: failed on setup",
        "Skipped:",
        "- 2 tests, such as `test_limits::test_four`: no cgroup",
        "Not run: `test_new`.",
    ]


def test_runs_with_other_images_stand_by_themselves() -> None:
    newer = Run("2026-12-01", "6.18.44", {"buildkit": "docker.io/moby/buildkit:v0.32.1@sha256:22"}, beside=True)
    found = part({"test_gc": (RUN, Outcomes(3)), "test_limits": (newer, Outcomes(1))}, ["test_gc", "test_limits"])
    assert [block.rpartition(": ")[2] for block in found.split("\n\n")] == [
        "3 passed. `test_gc`.",
        "1 passed. `test_limits`.",
    ]


def test_without_a_run_it_says_so() -> None:
    assert part({}, ["test_gc"]) == NONE
