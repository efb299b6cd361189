# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that are not proven yet: recorded on the host, as a run may be interrupted and a proof may fail.

Without the record, the next run would find nothing to do and skip the proof.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile, now


@dataclass(frozen=True)
class Unproven:
    """The time (UTC) of the last change that requires each of *proofs*, by name."""

    proofs: t.Mapping[str, str] = field(default_factory=dict)


RECORD = RecordFile("unproven", Unproven, (lambda found: {"proofs": found},))


def expect(proofs: t.Sequence[str]) -> None:
    """Call before a change that requires *proofs* (`trust`, `builds`). Raises HostError if that cannot be recorded."""
    if proofs:
        RECORD.update(lambda found: replace(found, proofs={**found.proofs, **dict.fromkeys(proofs, now())}))


def settle(proof: str, began: str) -> None:
    """*proof* has passed; a change made after it *began* still requires one. Raises HostError."""
    RECORD.update(
        lambda found: replace(
            found, proofs={name: time for name, time in found.proofs.items() if name != proof or time > began}
        )
    )


def unproven(params: Params) -> t.Dict[str, str]:
    """{proof: time of the last change that requires it}, for those that the run makes. Raises HostError."""
    known, concerns = RECORD.read().proofs, params["concerns"]
    makes = {"trust": "trust" in concerns and params["verify_trust"], "builds": "buildx" in concerns}
    return {name: known[name] for name, made in makes.items() if made and name in known}
