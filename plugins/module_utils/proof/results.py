# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of the last proofs, as recorded on the host for reports."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclass(frozen=True)
class Proof:
    """A proof's result: its *time* (UTC), whether it *passed*, and its *failures* as messages.

    *unproven* are the platforms or registries that the failures are about; empty if that is unknown.
    """

    time: str
    passed: bool
    failures: t.Tuple[str, ...]
    unproven: t.Tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildProof(Proof):
    """Builds for *platforms* with *builders* as *users*, pushed to *repository* unless that is empty."""

    platforms: t.Tuple[str, ...] = ()
    builders: t.Tuple[str, ...] = ()
    users: t.Tuple[str, ...] = ()
    repository: str = ""


@dataclass(frozen=True)
class RegistryProof(Proof):
    """Requests to *registries*."""

    registries: t.Tuple[str, ...] = ()


BUILD, REGISTRY = RecordFile("build_proof", BuildProof), RecordFile("registry_proof", RegistryProof)
