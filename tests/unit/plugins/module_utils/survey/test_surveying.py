# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A survey shows what is managed: variables have defaults for what nobody manages, and former proofs stay on disk."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof import results
from ansible_collections.multiarch.builders.plugins.module_utils.survey import platforms, surveying

REGISTRIES = [{"host": "a.b"}]
INSTANCE = {"name": "multiarch", "driver": "docker-container", "image": "moby/buildkit"}


def params(*concerns: str, **more: t.Any) -> dict[str, t.Any]:
    base = {"concerns": list(concerns), "platforms": ["linux/amd64", "linux/s390x"], "verify_trust": True}
    return {**base, "registries": REGISTRIES, "instances": [INSTANCE], "proxy": {}, **more}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        pytest.param(params("trust", "buildx"), {"build_proof": True, "registry_proof": True}, id="all"),
        pytest.param(params("trust"), {"build_proof": False, "registry_proof": True}, id="no builders any more"),
        pytest.param(params("buildx"), {"build_proof": True, "registry_proof": False}, id="no trust any more"),
        pytest.param(
            params("trust", "buildx", registries=[]), {"build_proof": True, "registry_proof": False}, id="no registry"
        ),
        pytest.param(
            params("trust", "buildx", verify_trust=False),
            {"build_proof": True, "registry_proof": False},
            id="trust is not proven any more",
        ),
    ],
)
def test_proofs_that_no_run_makes_any_more_say_nothing(given: dict[str, t.Any], shown: dict[str, bool]) -> None:
    results.BUILD.put(results.BuildProof("2026-11-21T11:00:00Z", False, ("no",)))
    results.REGISTRY.put(results.RegistryProof("2026-11-21T11:00:00Z", False, ("no",)))
    found = surveying._proofs(given, [])
    assert {name: bool(proof) for name, proof in found.items()} == shown


@pytest.mark.parametrize(
    ("concerns", "shown"),
    [
        (["binfmt", "buildx"], 2),
        (["buildx"], 2),
        (["binfmt"], 2),
        (["trust", "daemon"], 0),
    ],
    ids=["both", "builders", "emulators", "neither"],
)
def test_platforms_that_something_needs(concerns: list[str], shown: int) -> None:
    assert len(platforms.needed_here(params(*concerns))) == shown


@pytest.mark.parametrize(("concerns", "shown"), [(["trust", "buildx"], 1), (["trust"], 0)])
def test_builders_that_are_managed(concerns: list[str], shown: int) -> None:
    assert len(surveying._instances(params(*concerns))) == shown
