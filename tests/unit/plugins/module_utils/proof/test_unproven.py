"""What a change called for and no proof has passed since: from run to run, until one passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils import record
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.proof.unproven import expect, settle, unproven

pytestmark = pytest.mark.usefixtures("home")

EIGHT, NINE, TEN = (f"2026-11-20T{hour:02}:00:00Z" for hour in (8, 9, 10))
EVERYTHING = {"concerns": ["engine", "trust", "daemon", "binfmt", "buildx"], "verify_trust": True}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "now", lambda: NINE)


def test_a_change_is_unproven_until_its_proof_passes() -> None:
    assert unproven(EVERYTHING) == {}
    expect(["trust", "builds"])
    assert unproven(EVERYTHING) == {"trust": NINE, "builds": NINE}
    settle("trust", NINE)
    assert unproven(EVERYTHING) == {"builds": NINE}
    settle("builds", TEN)
    assert unproven(EVERYTHING) == {}


def test_a_proof_that_began_before_the_change_proves_nothing_of_it() -> None:
    expect(["builds"])
    settle("builds", EIGHT)
    assert unproven(EVERYTHING) == {"builds": NINE}


def test_the_last_change_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    expect(["builds"])
    monkeypatch.setattr(record, "now", lambda: TEN)
    expect(["trust", "builds"])
    assert unproven(EVERYTHING) == {"trust": TEN, "builds": TEN}


@pytest.mark.parametrize(
    ("params", "told"),
    [
        pytest.param({"concerns": ["trust", "daemon", "buildx"]}, ["trust", "builds"], id="trust-registries.yml"),
        pytest.param({"concerns": ["trust"]}, ["trust"], id="no builders"),
        pytest.param({"concerns": ["engine", "daemon", "binfmt"]}, [], id="a run that proves nothing"),
        pytest.param({"verify_trust": False}, ["builds"], id="trust is not proven here"),
    ],
)
def test_a_run_is_told_of_the_proofs_that_it_makes(params: dict[str, object], told: list[str]) -> None:
    expect(["trust", "builds"])
    assert list(unproven({**EVERYTHING, **params})) == told


def test_nothing_is_written_where_nothing_changes(home: Path) -> None:
    expect([])
    settle("builds", NINE)
    assert not home.exists()


def test_a_damaged_record_is_told(home: Path) -> None:
    expect(["builds"])
    (home / "unproven.json").write_text("{")
    with pytest.raises(HostError, match=r"unproven\.json is damaged"):
        unproven(EVERYTHING)
