"""The campaign's plan and its page; its runs are for hosts of the lab."""

from __future__ import annotations

from collections import Counter

import pytest

from campaign import load, table
from campaign.__main__ import pairs
from campaign.faults import FAULTS

SUMMARY = """\
PLAY RECAP *********
fleet-1                    : ok=2    changed=0    unreachable=0    failed=1
fleet-10                   : ok=5    changed=2    unreachable=0    failed=0

fleet-1: failed at 'Apply': daemon: fleet-10 is not meant here
fleet-12: unreachable: no route to host
2 hosts: changed: trust 7 (write); proven
"""


def test_what_was_measured_is_what_is_shown() -> None:
    text = table.PAGE.read_text()
    assert text == table.written(text), "run `python -m campaign.table`"


def test_the_same_seed_makes_the_same_plan() -> None:
    assert pairs(36, 1, list(FAULTS)) == pairs(36, 1, list(FAULTS)) != pairs(36, 2, list(FAULTS))


def test_every_fault_strikes_as_often_as_every_other() -> None:
    strikes = [fault.name for pair in pairs(6 * len(FAULTS), 1, list(FAULTS)) for fault, _moment in pair.strikes]
    assert set(Counter(strikes).values()) == {6}


@pytest.mark.parametrize(
    ("host", "lines"),
    [
        pytest.param(
            "fleet-1", ["fleet-1: failed at 'Apply': daemon: fleet-10 is not meant here"], id="not another's words"
        ),
        pytest.param("fleet-12", ["fleet-12: unreachable: no route to host"], id="unreachable"),
        pytest.param("fleet-10", [], id="one of several"),
    ],
)
def test_last_lines_about_a_host(host: str, lines: list[str]) -> None:
    assert load.last_lines(SUMMARY, host) == lines


ROW = {"title": "a", "struck": True, "status": 2, "recovered": True, "wrong": ["x | y\nz"], "after": []}


def test_a_row_counts_and_shows_what_was_wrong_in_one_line() -> None:
    lines = table.campaign({"runs": [ROW, {**ROW, "status": 0, "wrong": [], "struck": False}]}).splitlines()
    assert lines[2:] == ["| a | 2 | 1 | 1 | 2 | x / y z |", "| **all** | 2 | 1 | 1 | 2 |  |"]
