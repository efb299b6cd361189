# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a proof, recorded on the host: for reports, and for the next run."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.proof.results import BUILD, REGISTRY, Proof
from ansible_collections.multiarch.builders.plugins.module_utils.proof.scope import Scope
from ansible_collections.multiarch.builders.plugins.module_utils.proof.unproven import BUILDS, TRUST, settle
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile, Start

_PROVES = {BUILD.name: BUILDS, REGISTRY.name: TRUST}
P = t.TypeVar("P", bound=Proof)


def remember(
    module: AnsibleModule, record: RecordFile[P], proof: P, began: Start, proven: Scope, failed: t.Collection[str]
) -> None:
    """Record the end of *proof*, which *began* then, unless the host is retired. A failure to do so is only a warning.

    For *proven* and *failed*, see `settle`.
    """
    if began.is_retired:
        return
    try:
        record.put(proof)
    except HostError as exc:
        module.warn(f"the result cannot be recorded for reports: {exc}")
    _settle(module, record, began, proven, failed, passed=proof.passed)


def nothing_to_prove(module: AnsibleModule, record: RecordFile[P], began: Start) -> None:
    """Changes made before that time need no proof of *record*."""
    _settle(module, record, began, Scope(), (), passed=True)


def _settle(
    module: AnsibleModule,
    record: RecordFile[P],
    began: Start,
    proven: Scope,
    failed: t.Collection[str],
    *,
    passed: bool,
) -> None:
    try:
        settle(_PROVES[record.name], began.time, proven, failed, passed=passed)
    except HostError as exc:
        module.warn(f"the next run repeats the proof: {exc}")


def kept(record: RecordFile[t.Any]) -> t.Optional[t.Dict[str, t.Any]]:
    """The last proof, for reports; None if there was none. Raises HostError."""
    found = record.find()
    return None if found is None else dataclasses.asdict(found)
