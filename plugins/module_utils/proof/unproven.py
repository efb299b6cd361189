# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is proven on the host, and what is not: recorded, as a run may be interrupted and a proof may fail.

Without the record, the next run would find nothing to do and skip the proof.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.proof import scope
from ansible_collections.multiarch.builders.plugins.module_utils.proof.results import BUILD, REGISTRY
from ansible_collections.multiarch.builders.plugins.module_utils.proof.scope import Scope
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile, now, without

TRUST, BUILDS = "trust", "builds"


@dataclass(frozen=True)
class Unproven:
    """The time (UTC) of the last change that requires each of *proofs*, by name, until one passes.

    *proven* are the proofs since the last change, by name.
    """

    proofs: t.Mapping[str, str] = field(default_factory=dict)
    proven: t.Mapping[str, t.Tuple[Scope, ...]] = field(default_factory=dict)


RECORD = RecordFile("unproven", Unproven, (lambda found: {"proofs": found},))


def expect(proofs: t.Sequence[str]) -> None:
    """Call before a change that requires *proofs* (`trust`, `builds`). Raises HostError if that cannot be recorded."""
    if proofs:
        RECORD.update(
            lambda found: Unproven(
                {**found.proofs, **dict.fromkeys(proofs, now())},
                {name: each for name, each in found.proven.items() if name not in proofs},
            )
        )


def settle(proof: str, began: str, proven: Scope, failed: t.Collection[str] = (), *, passed: bool = True) -> None:
    """*proof* has ended: it has *passed*, or *failed* (platforms, registries or images), and is now *proven* so far.

    It proves nothing about a change made after it *began*. Raises HostError.
    """

    def change(found: Unproven) -> Unproven:
        if found.proofs.get(proof, "") > began:
            return found
        scopes = scope.with_proof(found.proven.get(proof, ()), proven, failed)
        others = without(found.proven, proof)
        return replace(
            found,
            proofs=without(found.proofs, proof) if passed else found.proofs,
            proven={**others, proof: scopes} if scopes else others,
        )

    RECORD.update(change)


def unproven(params: Params) -> t.Dict[str, str]:
    """{proof: why it is pending}, for those that the run makes. Raises HostError."""
    found, concerns = RECORD.read(), params["concerns"]
    asked: t.Dict[str, Scope] = {}
    if "trust" in concerns and params["verify_trust"]:
        asked[TRUST] = scope.of_trust(params)
    if "buildx" in concerns:
        pulls = params["docker_pulls"] and "daemon" in concerns
        asked[BUILDS] = scope.of_builds(params, params["verify_repository"], params["verify_base"], pulls=pulls)
    whys = {name: _why(name, each, found) for name, each in asked.items()}
    return {name: why for name, why in whys.items() if why}


def _why(proof: str, asked: Scope, found: Unproven) -> str:
    """Why a *proof* is pending, "" if it is not."""
    if proof in found.proofs:
        return f"no proof has passed since the change of {found.proofs[proof]}, so it is repeated"
    lacking = scope.lacking(asked, found.proven.get(proof) or _former(proof, asked))
    return f"not proven yet: {', '.join(lacking)}" if lacking else ""


def _former(proof: str, asked: Scope) -> t.Tuple[Scope, ...]:
    """What was proven before that was recorded here, from the last result; what that lacks is assumed to be *asked*."""
    if proof == TRUST:
        trust = REGISTRY.find()
        return (replace(asked, registries=trust.registries),) if trust and trust.passed else ()
    build = BUILD.find()
    if not build or not build.passed:
        return ()
    repositories = (build.repository,) if build.repository else ()
    names = {"platforms": build.platforms, "builders": build.builders, "users": build.users}
    return (replace(asked, **names, repositories=repositories),)
