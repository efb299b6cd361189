# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a proof was made last and how it ended, kept on the host for those who report it."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multiarch.builders.plugins.module_utils.host.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.proof.unproven import settle
from ansible_collections.multiarch.builders.plugins.module_utils.state import record

BUILD, REGISTRY = "build_proof", "registry_proof"
_PROVES = {BUILD: "builds", REGISTRY: "trust"}


def remember(module: AnsibleModule, proof: str, failures: t.Sequence[str], began: str, **about: t.Any) -> None:
    """Keep the end of *proof*: when it was, that it passed if there are no *failures*, and what it was *about*.

    A proof does not fail for that it cannot be kept; that is a warning.
    """
    try:
        record.save(proof, {"time": record.now(), "passed": not failures, "failures": list(failures), **about})
    except HostError as exc:
        module.warn(f"the result is not kept for reports: {exc}")
    if not failures:
        passed(module, proof, began)


def passed(module: AnsibleModule, proof: str, began: str) -> None:
    """What was changed before *proof* began (`record.now`) is proven."""
    try:
        settle(_PROVES[proof], began)
    except HostError as exc:
        module.warn(f"the next run makes the proof again: {exc}")
