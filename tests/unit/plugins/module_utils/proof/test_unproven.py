"""What a change called for, or nobody ever proved: due from run to run, until a proof passes."""

from __future__ import annotations

import os
import typing as t
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import argument_spec
from ansible_collections.multiarch.builders.plugins.module_utils.proof import unproven as proofs
from ansible_collections.multiarch.builders.plugins.module_utils.proof.scope import Scope, of_builds, of_trust
from ansible_collections.multiarch.builders.plugins.module_utils.proof.unproven import expect, settle, unproven
from ansible_collections.multiarch.builders.plugins.modules import registry_proof
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

pytestmark = pytest.mark.usefixtures("home")

EIGHT, NINE, TEN = (f"2026-11-20T{hour:02}:00:00Z" for hour in (8, 9, 10))
EVERYTHING: dict[str, t.Any] = {
    "concerns": ["engine", "trust", "daemon", "binfmt", "buildx"],
    "platforms": ["linux/amd64", "linux/arm64"],
    "instances": [{"name": "b"}],
    "users": ["root"],
    "registries": [{"host": "r.test"}],
    "docker_pulls": True,
    "verify_trust": True,
    "verify_repository": "",
    "verify_base": "scratch",
}
TRUST, BUILDS = of_trust(EVERYTHING), of_builds(EVERYTHING, "", "scratch", pulls=True)
SINCE = f"no proof has passed since the change of {NINE}, so it is repeated"
NEVER = "not proven yet: linux/amd64, linux/arm64"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "now", lambda: NINE)


@pytest.fixture
def proven() -> None:
    """All that is asked for is proven, and nothing was changed since."""
    settle("trust", EIGHT, TRUST)
    settle("builds", EIGHT, BUILDS)
    assert unproven(EVERYTHING) == {}


@pytest.mark.usefixtures("proven")
def test_a_change_is_unproven_until_its_proof_passes() -> None:
    expect(["trust", "builds"])
    assert unproven(EVERYTHING) == {"trust": SINCE, "builds": SINCE}
    settle("trust", NINE, TRUST)
    assert unproven(EVERYTHING) == {"builds": SINCE}
    settle("builds", TEN, BUILDS)
    assert unproven(EVERYTHING) == {}


@pytest.mark.usefixtures("proven")
def test_a_proof_that_began_before_the_change_proves_nothing_of_it() -> None:
    expect(["builds"])
    settle("builds", EIGHT, BUILDS)
    assert unproven(EVERYTHING) == {"builds": SINCE}


@pytest.mark.usefixtures("proven")
def test_the_last_change_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    expect(["builds"])
    monkeypatch.setattr(proofs, "now", lambda: TEN)
    expect(["trust", "builds"])
    since = SINCE.replace(NINE, TEN)
    assert unproven(EVERYTHING) == {"trust": since, "builds": since}


@pytest.mark.parametrize(
    ("params", "told"),
    [
        pytest.param({"concerns": ["trust", "daemon", "buildx"]}, ["trust", "builds"], id="trust-registries.yml"),
        pytest.param({"concerns": ["trust"]}, ["trust"], id="no builders"),
        pytest.param({"concerns": ["engine", "daemon", "binfmt"]}, [], id="a run that proves nothing"),
        pytest.param({"verify_trust": False}, ["builds"], id="trust is not proven here"),
    ],
)
@pytest.mark.parametrize("changed", [True, False], ids=["after a change", "never proven"])
def test_a_run_is_told_of_the_proofs_that_it_makes(changed: bool, params: dict[str, object], told: list[str]) -> None:
    expect(["trust", "builds"] if changed else [])
    assert list(unproven({**EVERYTHING, **params})) == told


@pytest.mark.usefixtures("proven")
@pytest.mark.parametrize(
    ("params", "due"),
    [
        pytest.param({"platforms": ["linux/amd64"]}, {}, id="a platform less"),
        pytest.param(
            {"platforms": ["linux/amd64", "linux/amd64/v2", "linux/386"]},
            {"builds": "not proven yet: linux/amd64/v2, linux/386"},
            id="platforms that need no handler",
        ),
        pytest.param(
            {"verify_repository": "r.test/p"},
            {"builds": "not proven yet: a push to r.test/p, docker's pull of r.test/p:proof"},
            id="a push",
        ),
        pytest.param(
            {"verify_repository": "r.test/p", "docker_pulls": False},
            {"builds": "not proven yet: a push to r.test/p"},
            id="a push, and docker itself pulls nothing",
        ),
        pytest.param(
            {"verify_base": "a/base", "concerns": ["trust", "buildx"]},
            {"builds": "not proven yet: a build from a/base"},
            id="a base, and docker itself is not managed",
        ),
        pytest.param(
            {"registries": [{"host": "r.test"}, {"host": "ghcr.io"}]},
            {"trust": "not proven yet: ghcr.io"},
            id="a registry with a public CA",
        ),
        pytest.param(
            {"registries": [{"host": "r.test", "mirrors": ["m.test"]}]},
            {"trust": "not proven yet: m.test"},
            id="a mirror",
        ),
        pytest.param({"registries": [], "instances": []}, {}, id="nothing to prove"),
    ],
)
def test_what_was_never_proven_is_due(params: dict[str, t.Any], due: dict[str, str]) -> None:
    assert unproven({**EVERYTHING, **params}) == due


@pytest.mark.usefixtures("proven")
def test_what_has_failed_is_due_until_it_passes() -> None:
    """As in verify-builders.yml, without a change before it."""
    settle("builds", TEN, replace(BUILDS, platforms=("linux/amd64",)), ["linux/arm64"], passed=False)
    assert unproven(EVERYTHING) == {"builds": "not proven yet: linux/arm64"}
    assert unproven({**EVERYTHING, "platforms": ["linux/amd64"]}) == {}
    settle("builds", TEN, BUILDS)
    assert unproven(EVERYTHING) == {}


def test_what_passes_in_a_proof_that_fails_counts_for_no_change() -> None:
    expect(["builds"])
    settle("builds", TEN, replace(BUILDS, platforms=("linux/amd64",)), ["linux/arm64"], passed=False)
    assert unproven({**EVERYTHING, "verify_trust": False}) == {"builds": SINCE}


@pytest.mark.usefixtures("proven")
def test_a_proof_of_less_takes_nothing_back(home: Path) -> None:
    before = (home / "unproven.json").stat()
    settle("builds", TEN, replace(BUILDS, platforms=("linux/amd64",)))
    assert unproven(EVERYTHING) == {}
    assert (home / "unproven.json").stat() == before, "a trace of the host still holds"


FORMER = {
    "build_proof": {
        **{"time": EIGHT, "passed": True, "failures": []},
        **{"platforms": ["linux/amd64", "linux/arm64"], "builders": ["b"], "users": ["root"], "repository": "r.test/p"},
    },
    "registry_proof": {"time": EIGHT, "passed": True, "failures": [], "registries": ["r.test"]},
}
PUSHING = {"verify_repository": "r.test/p", "verify_base": "a/base"}


@pytest.mark.parametrize(
    ("params", "due"),
    [
        pytest.param(PUSHING, {}, id="nothing is proven again"),
        pytest.param({}, {}, id="without a push"),
        pytest.param(
            {**PUSHING, "platforms": ["linux/amd64", "linux/arm/v6"]},
            {"builds": "not proven yet: linux/arm/v6"},
            id="but what never was",
        ),
        pytest.param({"registries": [{"host": "ghcr.io"}]}, {"trust": "not proven yet: ghcr.io"}, id="of trust, too"),
    ],
)
def test_on_a_host_of_a_former_version_the_last_proof_counts(params: dict[str, t.Any], due: dict[str, str]) -> None:
    for name, content in FORMER.items():
        record.save(name, content)
    assert unproven({**EVERYTHING, **params}) == due


def test_on_a_host_of_a_former_version_a_proof_that_failed_does_not_count() -> None:
    for name, content in FORMER.items():
        record.save(name, {**content, "passed": False})
    assert unproven(EVERYTHING) == {"trust": "not proven yet: r.test", "builds": NEVER}


def test_on_a_host_of_a_former_version_a_change_counts() -> None:
    for name, content in FORMER.items():
        record.save(name, content)
    record.save("unproven", {"builds": NINE}, since=None)
    assert unproven({**EVERYTHING, **PUSHING}) == {"builds": SINCE}


def test_nothing_is_written_where_nothing_changes(home: Path) -> None:
    expect([])
    settle("builds", NINE, Scope())
    assert not home.exists()


def test_a_damaged_record_is_told(home: Path) -> None:
    expect(["builds"])
    (home / "unproven.json").write_text("{")
    with pytest.raises(HostError, match=r"unproven\.json is damaged"):
        unproven(EVERYTHING)


@pytest.mark.parametrize(
    ("check", "left"), [pytest.param(False, {}, id="a run"), pytest.param(True, {"trust": SINCE}, id="check mode")]
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
    assert unproven({**EVERYTHING, "registries": [], "instances": []}) == left
