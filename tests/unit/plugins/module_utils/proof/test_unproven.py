"""What a change called for and no proof has passed since: from run to run, until one passes."""

from __future__ import annotations

import os
from copy import deepcopy
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import argument_spec
from ansible_collections.multiarch.builders.plugins.module_utils.proof import unproven as proofs
from ansible_collections.multiarch.builders.plugins.module_utils.proof.unproven import expect, settle, unproven
from ansible_collections.multiarch.builders.plugins.modules import registry_proof

pytestmark = pytest.mark.usefixtures("home")

EIGHT, NINE, TEN = (f"2026-11-20T{hour:02}:00:00Z" for hour in (8, 9, 10))
EVERYTHING = {"concerns": ["engine", "trust", "daemon", "binfmt", "buildx"], "verify_trust": True}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "now", lambda: NINE)


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
    monkeypatch.setattr(proofs, "now", lambda: TEN)
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


@pytest.mark.parametrize(
    ("check", "left"), [pytest.param(False, {}, id="a run"), pytest.param(True, {"trust": NINE}, id="check mode")]
)
def test_where_there_is_no_registry_to_ask_trust_is_proven(
    check: bool, left: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else every run would be told of a proof that nobody can make."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    expect(["trust"])
    # Ansible fills in the defaults that it is given, which in this process are those of all tests
    monkeypatch.setattr(registry_proof, "argument_spec", lambda *names: deepcopy(argument_spec(*names)))
    given = {"registries": [], "_ansible_check_mode": check}
    with patch_module_args(given), pytest.raises(SystemExit) as ended:
        registry_proof.main()
    assert ended.value.code == 0
    assert unproven(EVERYTHING) == left
