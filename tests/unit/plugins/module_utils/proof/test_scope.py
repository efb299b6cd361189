# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What two proofs have in common, and what one lacks of another."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import registries_of
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import targets_of
from ansible_collections.multiarch.builders.plugins.module_utils.proof.scope import (
    Scope,
    lacking,
    of_builds,
    of_trust,
    with_proof,
)

BUILDS = Scope(platforms=("linux/amd64", "linux/arm64"), builders=("b",), users=("root", "ci"))
PUSHED = replace(BUILDS, repositories=("r.test/p",), bases=("a/base",), pulled=("r.test/p:proof", "a/base"))
TRUST = Scope(registries=("r.test", "ghcr.io"), builders=("b",), users=("root",))


@pytest.mark.parametrize(
    ("asked", "proven", "lacks"),
    [
        pytest.param(BUILDS, [BUILDS], [], id="the same"),
        pytest.param(BUILDS, [PUSHED], [], id="more was proven"),
        pytest.param(replace(BUILDS, users=("ci", "root")), [BUILDS], [], id="in another order"),
        pytest.param(BUILDS, [], ["linux/amd64", "linux/arm64"], id="nothing was proven"),
        pytest.param(BUILDS, [TRUST], ["linux/amd64", "linux/arm64"], id="something else was"),
        pytest.param(
            replace(BUILDS, platforms=("linux/arm/v6", "linux/amd64")), [BUILDS], ["linux/arm/v6"], id="platform"
        ),
        pytest.param(replace(BUILDS, builders=("b", "big")), [BUILDS], ["builder big"], id="builder"),
        pytest.param(replace(BUILDS, users=("root", "jane")), [BUILDS], ["user jane"], id="user"),
        pytest.param(
            replace(PUSHED, repositories=("s.test/p",)), [PUSHED], ["a push to s.test/p"], id="another repository"
        ),
        pytest.param(
            PUSHED,
            [BUILDS],
            ["a push to r.test/p", "a build from a/base", "docker's pull of r.test/p:proof", "docker's pull of a/base"],
            id="it was built from scratch, without a push",
        ),
        pytest.param(
            replace(BUILDS, users=("root", "ci", "jane")),
            [replace(BUILDS, users=("root",)), BUILDS],
            ["user jane"],
            id="compared with what is nearest",
        ),
        pytest.param(
            BUILDS,
            [replace(BUILDS, users=("root",)), replace(BUILDS, users=("ci",), platforms=("linux/amd64",))],
            ["user ci"],
            id="two proofs are not one",
        ),
        pytest.param(replace(TRUST, registries=(*TRUST.registries, "quay.io")), [TRUST], ["quay.io"], id="registry"),
        pytest.param(replace(BUILDS, builders=()), [], [], id="no builder, so nothing to prove"),
        pytest.param(replace(BUILDS, users=()), [], [], id="no user"),
        pytest.param(replace(BUILDS, platforms=()), [], [], id="no platform"),
        pytest.param(replace(TRUST, registries=()), [], [], id="no registry"),
    ],
)
def test_what_is_lacking(asked: Scope, proven: list[Scope], lacks: list[str]) -> None:
    assert list(lacking(asked, proven)) == lacks


LESS = replace(BUILDS, platforms=("linux/amd64",))


@pytest.mark.parametrize(
    ("proven", "new", "failed", "left"),
    [
        pytest.param([], BUILDS, [], [BUILDS], id="the first"),
        pytest.param([BUILDS], BUILDS, [], [BUILDS], id="the same"),
        pytest.param([BUILDS], LESS, [], [BUILDS], id="less"),
        pytest.param([LESS], PUSHED, [], [PUSHED], id="more"),
        pytest.param(
            [BUILDS],
            replace(BUILDS, users=("jane",)),
            [],
            [replace(BUILDS, users=("jane",)), BUILDS],
            id="something else, which comes first",
        ),
        pytest.param([BUILDS], LESS, ["linux/arm64"], [LESS], id="a platform has failed"),
        pytest.param([BUILDS], Scope(), ["linux/amd64", "linux/arm64"], [], id="all have failed"),
        pytest.param(
            [PUSHED],
            replace(PUSHED, pulled=("a/base",)),
            ["r.test/p:proof"],
            [replace(PUSHED, pulled=("a/base",))],
            id="docker's pull",
        ),
        pytest.param(
            [TRUST],
            replace(TRUST, registries=("r.test",)),
            ["ghcr.io"],
            [replace(TRUST, registries=("r.test",))],
            id="a registry",
        ),
        pytest.param([BUILDS], Scope(), [], [BUILDS], id="nothing was to be proven"),
    ],
)
def test_what_is_proven_after_a_proof(proven: list[Scope], new: Scope, failed: list[str], left: list[Scope]) -> None:
    assert list(with_proof(proven, new, failed)) == left


def test_proofs_that_differ_are_not_kept_for_ever() -> None:
    proven: tuple[Scope, ...] = ()
    for number in range(20):
        proven = with_proof(proven, replace(BUILDS, repositories=(f"r.test/{number}",)), ())
    assert [each.repositories[0] for each in proven] == [f"r.test/{number}" for number in range(19, 11, -1)]


PARAMS: dict[str, t.Any] = {
    "platforms": ["arm64", "linux/amd64", "aarch64"],
    "instances": [{"name": "b"}, {"name": "c"}],
    "users": ["root", "ci"],
    "registries": [
        {"host": "docker.io", "mirrors": ["m.test:5000/hub", "r.test"]},
        {"host": "r.test"},
        {"host": "10.0.0.0/8"},
    ],
}


@pytest.mark.parametrize(
    ("repository", "base", "pulls", "found"),
    [
        pytest.param("", "scratch", True, Scope(), id="the least"),
        pytest.param("r/p", "scratch", True, Scope(repositories=("r/p",), pulled=("r/p:proof",)), id="a push"),
        pytest.param("", "a/base", True, Scope(bases=("a/base",), pulled=("a/base",)), id="a base"),
        pytest.param("r/p", "b", False, Scope(repositories=("r/p",), bases=("b",)), id="docker pulls nothing"),
    ],
)
def test_the_proof_of_builds_that_is_asked_for(repository: str, base: str, pulls: bool, found: Scope) -> None:
    names = {"platforms": ("linux/arm64", "linux/amd64"), "builders": ("b", "c"), "users": ("root", "ci")}
    assert of_builds(PARAMS, repository, base, pulls=pulls) == replace(found, **names)


def test_the_proof_of_trust_that_is_asked_for_is_the_one_that_is_made() -> None:
    asked = of_trust(PARAMS)
    assert asked == Scope(registries=("docker.io", "r.test", "m.test:5000"), builders=("b", "c"), users=("root", "ci"))
    assert set(asked.registries) == {each.host for each in targets_of(registries_of(PARAMS))}
