# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a proof was made last and how it ended, kept on the host for those who report it."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.proof.unproven import settle
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclasses.dataclass(frozen=True)
class Proof:
    """How a proof ended: its *time* (UTC), whether it *passed*, and the *failures* in words."""

    time: str
    passed: bool
    failures: t.Tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class BuildProof(Proof):
    """Builds for *platforms* with *builders* as *users*, pushed to *repository* if that is no empty text."""

    platforms: t.Tuple[str, ...] = ()
    builders: t.Tuple[str, ...] = ()
    users: t.Tuple[str, ...] = ()
    repository: str = ""


@dataclasses.dataclass(frozen=True)
class RegistryProof(Proof):
    """Questions to *registries*."""

    registries: t.Tuple[str, ...] = ()


BUILD, REGISTRY = RecordFile("build_proof", BuildProof), RecordFile("registry_proof", RegistryProof)
_PROVES = {BUILD.name: "builds", REGISTRY.name: "trust"}
P = t.TypeVar("P", bound=Proof)


def remember(module: AnsibleModule, record: RecordFile[P], proof: P, began: str) -> None:
    """Keep the end of *proof*. It does not fail for that it cannot be kept; that is a warning."""
    try:
        record.put(proof)
    except HostError as exc:
        module.warn(f"the result is not kept for reports: {exc}")
    if proof.passed:
        passed(module, record, began)


def kept(record: RecordFile[t.Any]) -> t.Optional[t.Dict[str, t.Any]]:
    """The last one, for reports; None if there was none. Raises HostError."""
    found = record.find()
    return None if found is None else dataclasses.asdict(found)


def passed(module: AnsibleModule, record: RecordFile[P], began: str) -> None:
    """What was changed before the proof of *record* began (`record.now`) is proven."""
    try:
        settle(_PROVES[record.name], began)
    except HostError as exc:
        module.warn(f"the next run makes the proof again: {exc}")
