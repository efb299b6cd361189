# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unknown variables that resemble one of the collection's: Ansible itself silently accepts any name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS

_PREFIX = "builder_"
_PULL = (
    *("repository", "version", "playbook", "inventory", "limit", "every", "spread", "enabled", "verify_commit"),
    *("allowed_signers", "deploy_key", "known_hosts", "git_credentials", "vault_password", "program"),
)
# What users may set, without the prefix: the options, and what only one role or a playbook reads.
NAMES = (
    *OPTIONS,
    *("serial", "report_dest", "retire_only", "retire_volumes"),
    *("verify_repository", "verify_base"),
    *(f"pull_{name}" for name in _PULL),
)
# What roles and playbooks set for themselves.
_OWN = (
    *("retire_result", "verify_due", "verify_plan", "verify_proof", "verify_registries", "verify_results"),
    *("verify_verdict", "verify_whole"),
)
_ALIKE = 0.75  # of difflib's ratio: `registry` and `registries` have 0.78; 1 is the same


def misspelled(variables: Iterable[str]) -> list[str]:
    """A warning for each of *variables* that is most likely misspelled, in alphabetical order.

    A name that starts with ``builder_`` and does not resemble any of ours is the user's own.
    """
    found = []
    for variable in sorted(each for each in variables if each.startswith(_PREFIX)):
        name = variable.removeprefix(_PREFIX)
        if name in NAMES or name in _OWN:
            continue
        for meant in get_close_matches(name, NAMES, n=1, cutoff=_ALIKE):
            found.append(f"{variable}: is not a known variable. Did you mean {_PREFIX}{meant}?")
    return found
