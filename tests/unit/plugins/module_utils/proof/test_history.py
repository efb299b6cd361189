"""What a proof leaves behind for reports."""

from __future__ import annotations

import shutil
import typing as t
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host import files
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.proof import history, results, scope, unproven
from ansible_collections.multiarch.builders.plugins.module_utils.proof.results import Proof, RegistryProof
from ansible_collections.multiarch.builders.plugins.module_utils.proof.scope import Scope
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile, Start, start
from ansible_collections.multiarch.builders.plugins.modules import build_proof
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

TIME = "2026-11-20T08:00:00Z"
BEGAN = Start(TIME, had_record=False)


def test_the_last_end_is_kept(home: Path) -> None:
    for failures in (["builder a: no"], []):
        proof = results.BuildProof(TIME, not failures, tuple(failures), platforms=("linux/arm64",))
        history.remember(SimpleNamespace(warn=pytest.fail), results.BUILD, proof, BEGAN, Scope(), ())
        assert record.load("build_proof") == {
            **{"time": TIME, "passed": not failures, "failures": failures, "platforms": ["linux/arm64"]}
        }
        assert history.kept(results.BUILD) == asdict(proof)
    assert (home / "build_proof.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("file", "passed", "left"),
    [
        pytest.param(results.BUILD, True, {"trust": TIME}, id="builds"),
        pytest.param(results.REGISTRY, True, {"builds": TIME}, id="trust"),
        pytest.param(results.BUILD, False, {"trust": TIME, "builds": TIME}, id="a failure proves nothing"),
    ],
)
def test_a_proof_that_passes_is_no_longer_wanted(file: RecordFile[Proof], passed: bool, left: dict[str, str]) -> None:
    record.save("unproven", {"proofs": {"trust": TIME, "builds": TIME}})
    history.remember(SimpleNamespace(warn=pytest.fail), file, file.kind(TIME, passed, ()), BEGAN, Scope(), ())
    assert record.load("unproven") == {"proofs": left}


@pytest.mark.usefixtures("home")
def test_a_disk_that_is_full_fails_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(_step: object) -> None:
        raise HostError("/var/lib/x cannot be written: No space left on device")

    record.save("unproven", {"proofs": {"trust": TIME}})
    monkeypatch.setattr(files, "write", write)
    warnings: list[str] = []
    history.remember(
        SimpleNamespace(warn=warnings.append), results.REGISTRY, RegistryProof(TIME, True, ()), BEGAN, Scope(), ()
    )
    assert warnings == [
        "the result cannot be recorded for reports: /var/lib/x cannot be written: No space left on device",
        "the next run repeats the proof: /var/lib/x cannot be written: No space left on device",
    ]


PAIR = {"user": "root", "builder": "b"}
ROWS = [{**PAIR, "platform": each, "pushed": True} for each in ("linux/amd64", "linux/arm64")]
BROKEN = {**PAIR, "platforms": ["linux/s390x"], "message": "s390x: no"}
PULLED, UNPULLED = ({"image": "r.test/p:proof", "user": "root", "message": words} for words in ("", "denied"))
ASKED = scope.Scope(
    platforms=("linux/amd64", "linux/arm64", "linux/s390x"),
    builders=("b",),
    users=("root",),
    repositories=("r.test/p",),
    pulled=("r.test/p:proof",),
)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("rows", "failures", "pulls", "result", "proven"),
    [
        pytest.param(
            [*ROWS, {**ROWS[0], "platform": "linux/s390x"}],
            [],
            [PULLED],
            {"passed": True, "failures": []},
            [ASKED],
            id="all",
        ),
        pytest.param(
            ROWS,
            [BROKEN],
            [PULLED],
            {"passed": False, "failures": ["s390x: no"], "unproven": ["linux/s390x"]},
            [replace(ASKED, platforms=ASKED.platforms[:2])],
            id="one of three fails",
        ),
        pytest.param(
            [*ROWS, {**ROWS[0], "platform": "linux/s390x"}],
            [{**BROKEN, "user": "ci"}],
            [PULLED],
            {"passed": False, "failures": ["s390x: no"], "unproven": ["linux/s390x"]},
            [replace(ASKED, platforms=ASKED.platforms[:2])],
            id="for one of the users only",
        ),
        pytest.param(
            [*ROWS, {**ROWS[0], "platform": "linux/s390x"}],
            [],
            [UNPULLED],
            {"passed": False, "failures": ["denied"]},
            [replace(ASKED, pulled=())],
            id="docker's own pull fails",
        ),
        pytest.param(
            [],
            [{**BROKEN, "platforms": list(ASKED.platforms)}],
            [],
            {"passed": False, "failures": ["s390x: no"], "unproven": list(ASKED.platforms)},
            [],
            id="all fail",
        ),
    ],
)
def test_each_platform_of_a_proof_is_remembered_for_itself(
    rows: list[dict[str, t.Any]],
    failures: list[dict[str, t.Any]],
    pulls: list[dict[str, t.Any]],
    result: dict[str, t.Any],
    proven: list[scope.Scope],
) -> None:
    given = {"platforms": ASKED.platforms, "instances": [{"name": "b"}], "users": ["root"], "repository": "r.test/p"}
    build_proof._remember(SimpleNamespace(warn=pytest.fail, params=given), ASKED, rows, failures, pulls, BEGAN)
    written = record.load("build_proof")
    assert {name: written[name] for name in ("passed", "failures", "unproven") if name in written} == result
    assert list(unproven.RECORD.read().proven.get("builds", ())) == proven


@pytest.mark.parametrize(
    ("before", "after", "recorded"),
    [
        pytest.param(True, True, True, id="a managed host"),
        pytest.param(False, False, True, id="one without a record, as nothing had to be changed"),
        pytest.param(False, True, True, id="one that another run began to manage"),
        pytest.param(True, False, False, id="one that was retired meanwhile"),
    ],
)
@pytest.mark.parametrize("file", [results.BUILD, results.REGISTRY], ids=["builds", "trust"])
def test_a_proof_that_ends_after_the_host_was_retired_leaves_nothing(
    file: RecordFile[Proof], before: bool, after: bool, recorded: bool, home: Path
) -> None:
    if before:
        record.save("unproven", {"proofs": {"trust": TIME, "builds": TIME}})
    began = start()
    shutil.rmtree(home, ignore_errors=True)  # by a run of another controller
    if after:
        home.mkdir(parents=True)
    done = Scope(platforms=("linux/amd64",), builders=("b",), users=("root",))
    history.remember(SimpleNamespace(warn=pytest.fail), file, file.kind(TIME, True, ()), began, done, ())
    assert (home / f"{file.name}.json").exists() == recorded
    assert home.exists() == recorded
