"""What a proof leaves behind for reports."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.proof import history
from ansible_collections.multiarch.builders.plugins.module_utils.state import record

TIME = "2026-11-20T08:00:00Z"


def test_the_last_end_is_kept(home: Path) -> None:
    for failures in (["builder a: no"], []):
        history.remember(SimpleNamespace(warn=pytest.fail), history.BUILD, failures, TIME, platforms=["linux/arm64"])
        kept = record.load(history.BUILD)
        assert (kept["passed"], kept["failures"], kept["platforms"]) == (not failures, failures, ["linux/arm64"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", kept["time"])
    assert (home / "build_proof.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("proof", "failures", "left"),
    [
        pytest.param(history.BUILD, [], {"trust": TIME}, id="builds"),
        pytest.param(history.REGISTRY, [], {"builds": TIME}, id="trust"),
        pytest.param(history.BUILD, ["builder a: no"], {"trust": TIME, "builds": TIME}, id="a failure proves nothing"),
    ],
)
def test_a_proof_that_passes_is_no_longer_wanted(proof: str, failures: list[str], left: dict[str, str]) -> None:
    record.save("unproven", {"trust": TIME, "builds": TIME})
    history.remember(SimpleNamespace(warn=pytest.fail), proof, failures, TIME)
    assert record.load("unproven") == left


@pytest.mark.usefixtures("home")
def test_a_disk_that_is_full_fails_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def save(_concern: str, _content: object) -> None:
        raise HostError("/var/lib/x cannot be written: No space left on device")

    record.save("unproven", {"trust": TIME})
    monkeypatch.setattr(record, "save", save)
    warnings: list[str] = []
    history.remember(SimpleNamespace(warn=warnings.append), history.REGISTRY, [], TIME)
    assert warnings == [
        "the result is not kept for reports: /var/lib/x cannot be written: No space left on device",
        "the next run makes the proof again: /var/lib/x cannot be written: No space left on device",
    ]
