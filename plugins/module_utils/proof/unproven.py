# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was changed and not proven since: kept on the host, as a run may end at any moment, and a proof may fail.

Without it the next run would find nothing to do, and nobody would look again.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile, now


@dataclass(frozen=True)
class Unproven:
    """The time (UTC) of the last change that called for each of *proofs*, by name."""

    proofs: t.Mapping[str, str] = field(default_factory=dict)


RECORD = RecordFile("unproven", Unproven, (lambda found: {"proofs": found},))


def expect(proofs: t.Sequence[str]) -> None:
    """Before a change that calls for *proofs* (`trust`, `builds`). Raises HostError if that cannot be kept."""
    if proofs:
        RECORD.update(lambda found: replace(found, proofs={**found.proofs, **dict.fromkeys(proofs, now())}))


def settle(proof: str, began: str) -> None:
    """*proof* has passed; what was changed after it *began* still wants one. Raises HostError."""
    RECORD.update(
        lambda found: replace(
            found, proofs={name: time for name, time in found.proofs.items() if name != proof or time > began}
        )
    )


def unproven(params: Params) -> t.Dict[str, str]:
    """{proof: time of the last change that called for it}, of those that the run makes. Raises HostError."""
    known, concerns = RECORD.read().proofs, params["concerns"]
    makes = {"trust": "trust" in concerns and params["verify_trust"], "builds": "buildx" in concerns}
    return {name: known[name] for name, made in makes.items() if made and name in known}
