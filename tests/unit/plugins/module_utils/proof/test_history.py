"""What a proof leaves behind for reports."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host import files
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.proof import history
from ansible_collections.multiarch.builders.plugins.module_utils.proof.history import Proof, RegistryProof
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

TIME = "2026-11-20T08:00:00Z"


def test_the_last_end_is_kept(home: Path) -> None:
    for failures in (["builder a: no"], []):
        proof = history.BuildProof(TIME, not failures, tuple(failures), platforms=("linux/arm64",))
        history.remember(SimpleNamespace(warn=pytest.fail), history.BUILD, proof, TIME)
        assert record.load("build_proof") == {
            **{"time": TIME, "passed": not failures, "failures": failures, "platforms": ["linux/arm64"]}
        }
        assert history.kept(history.BUILD) == asdict(proof)
    assert (home / "build_proof.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("file", "passed", "left"),
    [
        pytest.param(history.BUILD, True, {"trust": TIME}, id="builds"),
        pytest.param(history.REGISTRY, True, {"builds": TIME}, id="trust"),
        pytest.param(history.BUILD, False, {"trust": TIME, "builds": TIME}, id="a failure proves nothing"),
    ],
)
def test_a_proof_that_passes_is_no_longer_wanted(file: RecordFile[Proof], passed: bool, left: dict[str, str]) -> None:
    record.save("unproven", {"proofs": {"trust": TIME, "builds": TIME}})
    history.remember(SimpleNamespace(warn=pytest.fail), file, file.kind(TIME, passed, ()), TIME)
    assert record.load("unproven") == {"proofs": left}


@pytest.mark.usefixtures("home")
def test_a_disk_that_is_full_fails_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(_step: object) -> None:
        raise HostError("/var/lib/x cannot be written: No space left on device")

    record.save("unproven", {"proofs": {"trust": TIME}})
    monkeypatch.setattr(files, "write", write)
    warnings: list[str] = []
    history.remember(SimpleNamespace(warn=warnings.append), history.REGISTRY, RegistryProof(TIME, True, ()), TIME)
    assert warnings == [
        "the result cannot be recorded for reports: /var/lib/x cannot be written: No space left on device",
        "the next run repeats the proof: /var/lib/x cannot be written: No space left on device",
    ]
