# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a proof was made last and how it ended, kept on the host for those who report it."""

from __future__ import annotations

import datetime
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multiarch.builders.plugins.module_utils import record
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError

BUILD, REGISTRY = "build_proof", "registry_proof"


def remember(module: AnsibleModule, proof: str, failures: t.Sequence[str], **about: t.Any) -> None:
    """Keep the end of *proof*: now (UTC, by the host's clock), passed without *failures*, and what it was *about*.

    A proof does not fail for that it cannot be kept; that is a warning.
    """
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        record.save(proof, {"time": now, "passed": not failures, "failures": list(failures), **about})
    except HostError as exc:
        module.warn(f"the result is not kept for reports: {exc}")
