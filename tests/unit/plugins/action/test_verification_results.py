"""The action `verification_results`, in real plays on the controller: whose results count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.multiarch.builders.tests.unit.plugins.action.playing import failing, play

PLANNED: dict[str, Any] = {"plan": [], "pending": [], "actions": [], "notes": [], "facts": {}}
DIFFERS = {**PLANNED, "plan": [{"concern": "daemon", "actions": ["restart docker"]}]}
GONE = {"unreachable": True, "msg": "no route to host"}


def test_what_passed_before_a_host_left_is_of_an_earlier_verification(tmp_path: Path) -> None:
    plans: dict[str, dict[str, Any]] = {"a": PLANNED, "b": PLANNED, "c": DIFFERS, "d": GONE, "e": DIFFERS}
    variables: dict[str, dict[str, Any]] = {
        name: {"builder_verify_plan": plan, "builder_concerns": ["daemon"]} for name, plan in plans.items()
    }
    for name, concerns in {"f": None, "g": "daemon"}.items():  # what is invalid, its module has told
        variables[name] = {"builder_verify_plan": PLANNED, "builder_concerns": concerns}
    verdict = {"multiarch.builders.verification_results": {"directory": str(tmp_path)}, "run_once": True}
    _status, output = play(tmp_path, variables, [failing("b"), failing("d"), failing("e")], [verdict])
    hosts = json.loads((tmp_path / "verification.json").read_text())["hosts"]
    failed = {
        name: [each["name"] for each in host["checks"] if each["outcome"] == "failed"] for name, host in hosts.items()
    }
    assert failed == {
        "a": [],
        "b": ["verification"],
        "c": ["as_asked[daemon]"],
        "d": ["reachable"],
        "e": ["verification"],
        "f": [],
        "g": [],
    }
    assert "nothing was checked: the run ended early" in output
