#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a host to its desired state: all concerns, in their order, in one round trip."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apply
short_description: Bring a host to its desired state, in one round trip
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Applies what M(multiarch.builders.plan) reports, concern by concern, with the same code. All of them are checked
    again at the end.
  - It stops at the first concern that fails, with the host working as before that step, and reports what was done.
  - Only one run at a time changes a host; others wait up to O(lock_timeout) seconds.
  - In check mode it returns the plan.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.converging
  - multiarch.builders.options
"""

EXAMPLES = r"""
- name: Apply
  multiarch.builders.apply:
    platforms: [amd64, arm64, riscv64]
    registries:
      - host: harbor.example.com
        ca: files/harbor-ca.pem
"""

RETURN = r"""
pending:
  description: The concerns that were changed, in their order; in check mode those with pending actions.
  returned: always
  type: list
  elements: str
  sample: [trust, daemon]
due:
  description: The proofs that this requires, and those that earlier changes require and that have not passed since.
    A change of certificates only does not require a build.
  returned: always
  type: list
  elements: str
  sample: [trust, builds]
plan:
  description: What was done for each of them; see RV(multiarch.builders.plan#module:plan). After a failure, only what
    was done before it.
  returned: always
  type: list
  elements: dict
actions:
  description: The same as one list; empty if the host was in its desired state.
  returned: always
  type: list
  elements: str
  sample: ["register handler qemu-aarch64 for linux/arm64"]
notes:
  description: What was left unchanged or is pending, and why; see RV(multiarch.builders.plan#module:notes).
  returned: always
  type: list
  elements: dict
facts:
  description: What was observed, by concern, for reports.
  returned: always
  type: dict
  sample: {}
failures:
  description: The reasons for the failure, as data; see RV(multiarch.builders.plan#module:failures).
  returned: when it fails
  type: list
  elements: dict
"""

from ansible_collections.multiarch.builders.plugins.module_utils.host import compiled

if __name__ == "__main__":
    compiled.keep()  # of what is imported from here on

from ansible_collections.multiarch.builders.plugins.module_utils.run.apply import apply_all

if __name__ == "__main__":
    apply_all()
