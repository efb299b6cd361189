# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time and result of the last proofs, recorded on the host for reports."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.proof.unproven import settle
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclasses.dataclass(frozen=True)
class Proof:
    """A proof's result: its *time* (UTC), whether it *passed*, and its *failures* as messages."""

    time: str
    passed: bool
    failures: t.Tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class BuildProof(Proof):
    """Builds for *platforms* with *builders* as *users*, pushed to *repository* unless that is empty."""

    platforms: t.Tuple[str, ...] = ()
    builders: t.Tuple[str, ...] = ()
    users: t.Tuple[str, ...] = ()
    repository: str = ""


@dataclasses.dataclass(frozen=True)
class RegistryProof(Proof):
    """Requests to *registries*."""

    registries: t.Tuple[str, ...] = ()


BUILD, REGISTRY = RecordFile("build_proof", BuildProof), RecordFile("registry_proof", RegistryProof)
_PROVES = {BUILD.name: "builds", REGISTRY.name: "trust"}
P = t.TypeVar("P", bound=Proof)


def remember(module: AnsibleModule, record: RecordFile[P], proof: P, began: str) -> None:
    """Record the end of *proof*. A failure to do so is only a warning."""
    try:
        record.put(proof)
    except HostError as exc:
        module.warn(f"the result cannot be recorded for reports: {exc}")
    if proof.passed:
        passed(module, record, began)


def kept(record: RecordFile[t.Any]) -> t.Optional[t.Dict[str, t.Any]]:
    """The last proof, for reports; None if there was none. Raises HostError."""
    found = record.find()
    return None if found is None else dataclasses.asdict(found)


def passed(module: AnsibleModule, record: RecordFile[P], began: str) -> None:
    """Changes made before the proof of *record* began (`record.now`) are proven."""
    try:
        settle(_PROVES[record.name], began)
    except HostError as exc:
        module.warn(f"the next run repeats the proof: {exc}")
