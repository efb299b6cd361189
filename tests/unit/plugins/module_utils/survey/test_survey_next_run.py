# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a survey tells of the next run; all reasons for a full plan are those of trace/replay.py."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.survey.next_run import trace_facts
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay

DAY = 86400
NOON = 1763726400.75  # of 2025-11-21, UTC
ASKED = {"key": "k", "max_age": DAY, "why": ""}
HOLDS = [["machine", replay.digest(replay.machine())]]
PASSED = [["content", "/etc/of-this-test", replay.digest(b"gone")]]


@pytest.mark.parametrize(
    ("asked", "trace", "found"),
    [
        pytest.param({}, {}, ("2025-11-21T12:00:00Z", ""), id="it holds"),
        pytest.param({}, {"looks": PASSED}, (None, "content /etc/of-this-test has changed"), id="something changed"),
        pytest.param({}, None, (None, "there is no trace"), id="none"),
        pytest.param({"key": "o"}, {}, (None, "the variables or the collection have changed"), id="another key"),
        pytest.param({}, {"key": "k:others"}, ("2025-11-21T12:00:00Z", ""), id="other hosts log in: a run compares"),
        pytest.param({"max_age": 30}, {}, (None, "it is 60 s old"), id="too old"),
        pytest.param({"why": "builder_full_plan is true"}, {}, (None, "builder_full_plan is true"), id="not wanted"),
    ],
)
def test_what_the_next_run_does(
    asked: dict[str, Any],
    trace: dict[str, Any] | None,
    found: tuple[str | None, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "trace.json"
    monkeypatch.setattr(replay, "PATH", str(path))
    monkeypatch.setattr(time, "time", lambda: NOON + 60)
    if trace is not None:
        path.touch(mode=0o600)
        kept = {"format": replay.FORMAT, "key": "k", "time": NOON, "looks": HOLDS, "result": {}}
        path.write_text(json.dumps(kept | trace))
    tmp_path.chmod(0o700)
    before = path.read_text() if trace is not None else None
    told = trace_facts(ASKED | asked)
    assert (told["time"], told["why"]) == found
    assert (path.read_text() if path.exists() else None) == before, "a survey writes no trace"
