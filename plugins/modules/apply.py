#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a host what it should be: all concerns, in their order, in one round trip."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apply
short_description: Make a host what it should be, in one round trip
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Does what M(multiarch.builders.plan) tells, concern by concern, with the same code. All of them are looked at again
    at the end.
  - The first concern that fails ends it, with the host working as before that step; what was done until then is told.
  - One run at a time does so on a host, and others wait O(lock_timeout) seconds.
  - In check mode it is the plan.
extends_documentation_fragment:
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
  description: The concerns that something was done for, in their order; in check mode those that have something to do.
  returned: always
  type: list
  elements: str
  sample: [trust, daemon]
due:
  description: The proofs that this calls for, and those that former changes called for and that have not passed since.
    A change of certificates alone calls for no build.
  returned: always
  type: list
  elements: str
  sample: [trust, builds]
plan:
  description: What was done for each of them; see RV(multiarch.builders.plan#module:plan). After a failure, only what
    was done before.
  returned: always
  type: list
  elements: dict
actions:
  description: The same as one list; empty if the host was as asked.
  returned: always
  type: list
  elements: str
  sample: ["register handler qemu-aarch64 for linux/arm64"]
notes:
  description: What was left alone or waits, and why; see RV(multiarch.builders.plan#module:notes).
  returned: always
  type: list
  elements: dict
facts:
  description: What was seen, by concern, for those who report it.
  returned: always
  type: dict
  sample: {}
failures:
  description: Why it failed, as data; see RV(multiarch.builders.plan#module:failures).
  returned: when it fails
  type: list
  elements: dict
"""

from ansible_collections.multiarch.builders.plugins.module_utils.run.apply import apply_all

if __name__ == "__main__":
    apply_all()
