# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was changed and not proven since: kept on the host, as a run may end at any moment, and a proof may fail.

Without it the next run would find nothing to do, and nobody would look again.
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.state import record

_NAME = "unproven"


def expect(proofs: t.Sequence[str]) -> None:
    """Before a change that calls for *proofs* (`trust`, `builds`). Raises HostError if that cannot be kept."""
    if proofs:
        record.save(_NAME, {**record.load(_NAME), **dict.fromkeys(proofs, record.now())})


def settle(proof: str, began: str) -> None:
    """*proof* has passed; what was changed after it *began* still wants one. Raises HostError."""
    known = record.load(_NAME)
    left = {name: time for name, time in known.items() if name != proof or time > began}
    if left != known:
        record.save(_NAME, left)


def unproven(params: Params) -> t.Dict[str, str]:
    """{proof: time of the last change that called for it}, of those that the run makes. Raises HostError."""
    known, concerns = record.load(_NAME), params["concerns"]
    makes = {"trust": "trust" in concerns and params["verify_trust"], "builds": "buildx" in concerns}
    return {name: str(known[name]) for name, made in makes.items() if made and name in known}
