# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks as files for CI, read back by a parser of JUnit XML and by json."""

from __future__ import annotations

import datetime
import json
import stat
from pathlib import Path

import junitparser
import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify.checks import (
    FAILED,
    SKIPPED,
    Check,
    unreachable,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify.result_files import (
    JSON_FILE,
    JUNIT_FILE,
    from_json,
    write,
)

NOW = datetime.datetime(2027, 3, 1, 12, 0, tzinfo=datetime.UTC)
EVIL = "x\x1b[31m <&\"' ]]> \ud800 https://ci:s3cret@proxy.test/"
CHECKS = {
    "ci-1": [
        Check("ci-1", "reachable", seconds=0.5),
        Check("ci-1", "trust[r.test-client-ci]", FAILED, "why\nand more", (EVIL,), "do this", 1.25),
        Check("ci-1", "as_asked[daemon]", SKIPPED, "no Docker"),
    ],
    "ci-2": [unreachable("ci-2", "no route to host")],
    "ci-3": [Check("ci-3", "reachable")],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / JSON_FILE).write_text("of a former run")
    write(str(tmp_path / "results"), CHECKS, "a command", NOW)
    return tmp_path / "results"


def test_a_parser_of_junit_reads_all_of_it(folder: Path) -> None:
    suites = list(junitparser.JUnitXml.fromfile(str(folder / JUNIT_FILE)))
    assert [(suite.name, suite.hostname, suite.tests, suite.failures, suite.skipped) for suite in suites] == [
        ("ci-1", "ci-1", 3, 1, 1),
        ("ci-2", "ci-2", 1, 1, 0),
        ("ci-3", "ci-3", 1, 0, 0),
    ]
    assert suites[0].time == 1.75
    passed, failed, skipped = suites[0]
    assert (passed.classname, passed.name, passed.result) == ("ci-1", "reachable", [])
    assert (failed.result[0].message, failed.result[0].type) == ("why", "failed")
    assert skipped.result[0].message == "no Docker"
    (lost,) = suites[1]
    assert lost.result[0].type == "unreachable"
    assert "ansible -i INVENTORY ci-2 -m ping" in lost.result[0].text


def test_json_has_hosts_checks_outcome_evidence_and_remedy(folder: Path) -> None:
    document = json.loads((folder / JSON_FILE).read_text())
    assert (document["format"], document["command"], document["time"]) == (1, "a command", "2027-03-01T12:00:00Z")
    assert document["passed"] is False
    assert document["counts"] == {"hosts": 3, "hosts_failed": 2, "checks": 5, "failed": 2, "skipped": 1}
    assert {host: each["passed"] for host, each in document["hosts"].items()} == {
        "ci-1": False,
        "ci-2": False,
        "ci-3": True,
    }
    failed = document["hosts"]["ci-1"]["checks"][1]
    assert (failed["message"], failed["remedy"]) == ("why\nand more", "do this")
    assert failed["evidence"][0].startswith("x\x1b[31m <&")


def test_it_comes_back_as_it_was(folder: Path) -> None:
    checks = from_json((folder / JSON_FILE).read_text())
    assert list(checks) == list(CHECKS)
    assert checks["ci-2"] == CHECKS["ci-2"]


def test_files_hold_no_credentials_and_ci_may_read_them(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [JSON_FILE, JUNIT_FILE]
    for path in folder.iterdir():
        assert "s3cret" not in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
